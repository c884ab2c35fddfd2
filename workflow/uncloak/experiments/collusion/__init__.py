"""Can users who collude defeat two models? All users post at once, each aiming at another (Appendix D)."""

from dataclasses import dataclass

from uncloak import paths
from uncloak.errors import InputError
from uncloak.plan import attacks, defenses, extractors, recognition

TITLE = "Can users who collude defeat two models?"
CATEGORY = "Defenses"
OWN_ATTACKS = SCORED = True
HOOKS = ("answer",)


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        detector: the defense of method cloak_detector that helps the confidence threshold out.
    """

    detector: str


def check(asked, place):
    config, detector = asked.config, asked.options.detector
    if config["defenses"].get(detector, {}).get("method") != "cloak_detector":
        raise InputError(f"{place}.options.detector: '{detector}' is no defense of method cloak_detector; name one")
    for name in asked.defenses[1:]:
        if config["defenses"][name]["method"] != "confidence_threshold":
            raise InputError(f"{place}.defenses: '{name}' is no confidence threshold; name defenses of that method")
    pairs = [(each.extractor, each.second) for each in _systems(asked)]
    for extractor, second in pairs:
        if pairs.count((extractor, second)) > 1:
            reason = (
                f"several are of '{extractor}' and '{second}', which the figure does not tell apart; name one of them"
            )
            raise InputError(f"{place}.defenses: {reason}")
    aims = {name: config["attacks"][name].get("targets", {}).get("choice", "farthest") for name in _targeted(asked)}
    if "partner" not in aims.values():
        reason = "in none of them do users collude; name one with `targets: {choice: partner}`"
        raise InputError(f"{place}.attacks: {reason}")
    for name in asked.attacks:
        if aims.get(name, "partner") != "partner":
            raise InputError(f"{place}.attacks: '{name}' moves pictures to strangers; name attacks of colluding users")
        if name in attacks.mixtures(config):
            raise InputError(f"{place}.attacks: '{name}' is a mixture; name attacks that all users take up")


def _targeted(asked):
    return [name for name in asked.attacks if name in attacks.targeted(asked.config)]


def possible(asked):
    return any(each.second for each in asked.recognizers)


def _systems(asked):
    return [each for each in asked.recognizers if each.second]


def _models(asked):
    return sorted({name for each in _systems(asked) for name in (each.extractor, each.second)})


def files(asked):
    """Clean and posted faces as the models see them, whom each user aims at, and what detectors say."""
    dataset, models, config = asked.dataset, _models(asked), asked.config
    partners = [paths.fill(paths.TARGETS, dataset=dataset, attack=name) for name in _targeted(asked)[:1]]
    return {
        "clean": [recognition.embeddings(dataset, name, "clean") for name in models],
        "posted": [recognition.embeddings(dataset, name, attack) for name in models for attack in asked.attacks],
        "comparisons": [recognition.comparisons(dataset, name) for name in models],
        "targets": partners,
        "scores": defenses.scores(config, dataset, asked.options.detector),
        "split": [paths.fill(paths.SPLIT, dataset=dataset)],
    }


def told(asked):
    config = asked.config
    return {
        "recognizers": [],
        "models": _models(asked),
        "attacks": asked.attacks,
        "metric": recognition.metric(config),
        "systems": [
            {
                "defense": each.defense,
                "accurate": each.extractor,
                "robust": each.second,
                "share": defenses.options(config, each.defense)["share"],
            }
            for each in _systems(asked)
        ],
        "threshold": defenses.options(config, asked.options.detector)["threshold"],
    }


def shown(asked):
    labels = {name: extractors.label(asked.config, name, asked.dataset) for name in _models(asked)}
    return {
        "systems": {
            f"{each.extractor}_{each.second}": {
                "label": f"{labels[each.extractor]} + {labels[each.second]}",
                "accurate": each.extractor,
                "robust": each.second,
                "defense": each.defense,
                "detector": asked.options.detector,
            }
            for each in _systems(asked)
        }
    }

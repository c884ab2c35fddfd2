"""How good is each extractor without a cloak, whom has it learned, and do its numbers enter the other tables?"""

from uncloak.plan import experiments, extractors, recognition
from uncloak.plan.asked import GATE
from uncloak.plan.defenses import Recognizer

TITLE = "How good are the extractors without any cloak?"
PIXELS = True
HOOKS = ()  # each extractor for itself
LABELED = False  # the bounds that its table shows are not for itself


def recognizers(asked, found):
    """Every extractor that an experiment on the dataset asks, also in another's place or besides it."""
    others = (each for each in experiments.made_on(asked.config, asked.dataset) if each.record["method"] != GATE)
    asked_for = (name for other in others for each in other.recognizers for name in each.models)
    own = (each.extractor for each in found)
    return [Recognizer(name, embedder=name) for name in dict.fromkeys([*own, *asked_for])]


def files(asked):
    return {"comparisons": [recognition.comparisons(asked.dataset, each.embedder) for each in asked.recognizers]}


def told(asked):
    """No attack: this is of clean pictures."""
    return {"recognizers": [each.extractor for each in asked.recognizers], "attacks": []}


def labels(asked):
    """What the records say of each."""
    config = asked.config
    return {
        "about": {
            name: {
                "extractor_label": extractors.label(config, name, asked.dataset),
                "released": config["extractors"][name].get("released", ""),
                "released_source": config["extractors"][name].get("released_source", ""),
                "trained_on": " ".join(extractors.trained_on(config, name)),
                "largest_clean_error": extractors.bound(config, name),
            }
            for name in (each.extractor for each in asked.recognizers)
        }
    }

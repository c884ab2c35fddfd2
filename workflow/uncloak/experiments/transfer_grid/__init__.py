"""LowKey's grid: attacks by what they were made for, against every extractor, where all their users post at once."""

from dataclasses import dataclass

from uncloak import paths
from uncloak.errors import InputError
from uncloak.plan import attacks, defenses, extractors, recognition

TITLE = "Does a cloak hold where all its users post at once?"
CATEGORY = "How long does a cloak last?"
OWN_ATTACKS = USERS_PICTURES = True
HOOKS = ("faces", "extractor")
_NAMED = 2


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        distractors: whether people who are only in the gallery are there; without them, published numbers, which are of
            whole galleries, are not set beside these.
    """

    distractors: bool = True


def claimed(asked):
    return asked.options.distractors


def check(asked, place):
    for name in asked.attacks:
        if name in attacks.mixtures(asked.config):
            raise InputError(f"{place}.attacks: '{name}' is a mixture; name attacks that all users take up")


def possible(asked):
    """A grid compares attacks, of which the record names some."""
    return "attacks" in asked.record and len(asked.attacks) > 1


def files(asked):
    """Faces as each recognizer sees them: the gallery, probes, and the pictures of every attack."""
    found = {"gallery": [], "probes": [], "posted": []}
    for each in asked.recognizers:
        [embedder] = each.models
        seen = recognition.compared(asked.config, asked.dataset, embedder, each.treated)
        found["gallery"].append(seen["gallery"])
        found["probes"].append(seen["probes"])
        found["posted"] += [
            recognition.embeddings(asked.dataset, embedder, name + each.treated) for name in asked.attacks_on(each)
        ]
    return {**found, "split": [paths.fill(paths.SPLIT, dataset=asked.dataset)]}


def told(asked):
    return {
        "recognizers": [
            {"extractor": each.extractor, "defense": each.defense, "attacks": asked.attacks_on(each)}
            for each in asked.recognizers
        ],
        "metric": recognition.metric(asked.config),
    }


def shown(asked):
    """Of each attack its label and what it was made for; and what the trainer does about all faces."""
    treatments = {each.defense for each in asked.recognizers} - {defenses.NONE}
    return {
        "lines": {name: _line(asked, name) for name in asked.attacks},
        "treatments": {name: asked.config["defenses"][name]["label"] for name in asked.defenses if name in treatments},
    }


def _line(asked, attack):
    record = asked.config["attacks"][attack]
    known = [extractors.label(asked.config, name, asked.dataset) for name in record.get("surrogates", [])]
    # More than two names are too long a line; outlined cells tell which these are.
    made_for = " and ".join(known) if len(known) <= _NAMED else f"{len(known)} extractors"
    return ", made for ".join(filter(None, [record["label"], made_for]))

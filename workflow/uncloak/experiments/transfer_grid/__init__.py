"""LowKey's grid: attacks by what they were made for, against every extractor, where all their users post at once."""

from dataclasses import dataclass

from uncloak import paths
from uncloak.errors import InputError
from uncloak.plan import attacks, defenses, extractors, recognition
from uncloak.records.words import suggestion

TITLE = "Does a cloak hold where all its users post at once?"
CATEGORY = "How long does a cloak last?"
OWN_ATTACKS = USERS_PICTURES = True
HOOKS = ("faces", "extractor")
_NAMED = 2


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        gallery: numbers of pictures that everybody has in the gallery at most, besides all that there are; measured
            without defense.
        choices: random choices of these pictures, which are averaged.
        channels: what the users' pictures go through before they are scraped, besides plain PNG; measured without
            defense.
        distractors: whether people who are only in the gallery are there; without them, published numbers, which are of
            whole galleries, are not set beside these.
    """

    gallery: tuple[int, ...] | None = None
    choices: int = 5
    channels: tuple[str, ...] | None = None
    distractors: bool = True

    def __post_init__(self):
        if min(self.gallery or [1]) < 1 or len(set(self.gallery or ())) < len(self.gallery or ()):
            raise InputError("gallery must be different numbers from 1; write other ones")
        if self.choices < 1:
            raise InputError(f"choices is {self.choices}; it must be at least 1")


def claimed(asked):
    return asked.options.distractors


def depends(asked):
    return {
        f"extractor '{each.extractor}' and {size} gallery pictures": asked.options.choices
        for each in asked.recognizers
        for size in asked.options.gallery or ()
    }


def check(asked, place):
    for name in asked.attacks:
        if name in attacks.mixtures(asked.config):
            raise InputError(f"{place}.attacks: '{name}' is a mixture; name attacks that all users take up")
    for name in asked.options.channels or ():
        if name not in asked.config["channels"]:
            known = suggestion(name, asked.config["channels"])
            raise InputError(f"{place}.options.channels: there is no '{name}'; {known}")


def possible(asked):
    """A grid compares attacks, of which the record names some."""
    return "attacks" in asked.record and len(asked.attacks) > 1


def _postings(asked, recognizer):
    """What users post, as this recognizer sees it."""
    channels = asked.options.channels if recognizer.defense == defenses.NONE else None
    return recognition.postings(asked.config, asked.attacks_on(recognizer), channels or ())


def files(asked):
    """Faces as each recognizer sees them: the gallery, probes, and the pictures of every attack."""
    found = {"gallery": [], "probes": [], "posted": []}
    for each in asked.recognizers:
        [embedder] = each.models
        seen = recognition.compared(asked.config, asked.dataset, embedder, each.treated)
        found["gallery"].append(seen["gallery"])
        found["probes"].append(seen["probes"])
        found["posted"] += [
            recognition.embeddings(asked.dataset, embedder, name + each.scraped) for name in _postings(asked, each)
        ]
    return {**found, "split": [paths.fill(paths.SPLIT, dataset=asked.dataset)]}


def told(asked):
    return {
        "recognizers": [
            {
                "extractor": each.extractor,
                "defense": each.defense,
                "postings": list(_postings(asked, each).values()),
            }
            for each in asked.recognizers
        ],
        "metric": recognition.metric(asked.config),
    }


def shown(asked):
    """Of each attack its label and what it was made for; what is done about all faces, and to the users' pictures."""
    treatments = {each.defense for each in asked.recognizers} - {defenses.NONE}
    return {
        "lines": {name: _line(asked, name) for name in asked.attacks},
        "treatments": {name: asked.config["defenses"][name]["label"] for name in asked.defenses if name in treatments},
        "through": {name: asked.config["channels"][name]["label"] for name in asked.options.channels or ()},
    }


def _line(asked, attack):
    record = asked.config["attacks"][attack]
    known = [extractors.label(asked.config, name, asked.dataset) for name in record.get("surrogates", [])]
    # More than two names are too long a line; outlined cells tell which these are.
    made_for = " and ".join(known) if len(known) <= _NAMED else f"{len(known)} extractors"
    return ", made for ".join(filter(None, [record["label"], made_for]))

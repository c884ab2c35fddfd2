"""Does training on one attack undo another? An extractor robustly trained on one attack or another, against each."""

from uncloak.errors import InputError
from uncloak.plan.extractors import learned_public

TITLE = "Does training on one attack undo another?"
CATEGORY = "Defenses"
HOOKS = ("extractor",)


def check(asked, place):
    known = list(dict.fromkeys(each.extractor for each in asked.recognizers))
    if len(known) > 1:
        raise InputError(f"{place}.extractors: the matrix is of one extractor, not of {', '.join(known)}; name one")


def possible(asked):
    return len(asked.recognizers) > 1


def shown(asked):
    """The attacks that each extractor was tuned on, by its defense."""
    return {
        "trained_on": {
            each.defense: learned_public(asked.config, each.embedder).get("attacks", []) for each in asked.recognizers
        }
    }

"""How long does a cloak last? Some attacks against extractors in the order of their release (Figures 4, 5, 10, 11)."""

from dataclasses import dataclass
from typing import Literal

from uncloak.errors import InputError
from uncloak.plan import attacks

TITLE = "How long do cloaks last?"
CATEGORY = "How long does a cloak last?"
HEADLINE = 12
PIXELS = True
HOOKS = ()  # its figure tells no defenses apart


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        gallery: what the trainer has of a user: "whole", all gallery pictures, or of attacks that make one mask for all
            of a user's pictures the "others" than those that it was made from.
    """

    gallery: Literal["whole", "others"] = "whole"


def _made_from(asked):
    """From how many of a user's pictures its attacks make a mask for all."""
    found = {attacks.made_from(asked.config, name) for name in asked.attacks}
    return sorted(found - {None})


def possible(asked):
    return asked.options.gallery == "whole" or bool(_made_from(asked))


def check(asked, place):
    """Where only other pictures are left, all masks are made from the same ones."""
    if asked.options.gallery == "others" and len(numbers := _made_from(asked)) > 1:
        raise InputError(
            f"{place}.attacks: masks for all of a user's pictures are made from {' and '.join(map(str, numbers))};"
            " where the gallery holds the others, name attacks that make them from one number"
        )


def told(asked):
    """How many of each user's pictures, the first by name, are left out of the gallery."""
    return {"left_out": _made_from(asked)[0] if asked.options.gallery == "others" else 0}


def shown(asked):
    return told(asked)

"""What was claimed, and what comes out here? Published numbers (resources/published) beside ours.

It is one figure of all its datasets together, so it has a rule of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from uncloak.errors import InputError

TITLE = "What was claimed, and what comes out here?"
CATEGORY = "What was claimed?"
HOOKS = ()


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        published: files in resources/published, in the order of drawing.
        counterparts: `dataset`, `attack`, `extractor` and `classifier` -> published name -> our name, `ours`, and how
            ours differs, `differs`. Ours may be `transfer`, `transferred` and `the ensemble`; two extractors together
            are named FIRST_SECOND, an attack through a channel ATTACK.CHANNEL, and a dataset of which everybody has N
            pictures in the gallery at most "DATASET, N gallery pictures". An attack on one surrogate is published as
            "ATTACK on SURROGATE". A classifier that is not named is the same here.
        leave_out: experiments whose tables are not set beside claims: of two that each have a number for the same, one.
    """

    published: tuple[str, ...]
    counterparts: dict[str, dict[str, dict[str, str]]]
    leave_out: tuple[str, ...] = ()

    def __post_init__(self):
        kinds = {"dataset", "attack", "extractor", "classifier"}
        if not isinstance(self.counterparts, Mapping) or set(self.counterparts) - kinds:
            raise InputError(
                "counterparts has the keys dataset, attack, extractor and classifier alone; name others in one of them"
            )
        for kind, names in self.counterparts.items():
            for name, entry in names.items():
                if set(entry) != {"ours", "differs"}:
                    reason = "needs `ours` and `differs`, and nothing else; mend it"
                    raise InputError(f"counterparts.{kind}.{name} {reason}")


def drawn_from(asked):
    return {}

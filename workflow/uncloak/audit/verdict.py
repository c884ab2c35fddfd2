"""What may be said of a cloak: pure rules from counts of found pictures to answers, which never promise protection.

A model that finds a person once has found the person, so one found picture decides. That none was found says something
of the cloak only where the same model does find the person without it: else it cannot tell.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from uncloak.errors import InputError

# With fewer later pictures, "never found" still allows more than every third to be found (Clopper-Pearson, 95 %).
ENOUGH_PROBES = 10
# With fewer posted pictures, what a trainer has to go by is less than most people post.
ENOUGH_GALLERY = 5


class Answer(StrEnum):
    """What a model's counts say of a cloak; there is no "protected" among them."""

    FOUND = "found"
    NOT_FOUND = "not found"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Count:
    """How many of a person's probes a model found, and the interval of the share found, in [0, 1].

    Raises InputError where the numbers are no such counts.
    """

    found: int
    probes: int
    low: float
    high: float

    def __post_init__(self):
        if not 0 <= self.found <= self.probes:
            raise InputError(f"found {self.found} of {self.probes} probes: no such count; measure the audit again")
        if self.probes and not 0 <= self.low <= self.found / self.probes <= self.high <= 1:
            raise InputError(
                f"found {self.found} of {self.probes} probes: the interval {self.low} to {self.high} does not hold the"
                " share; measure the audit again"
            )


# A model's counts without the cloak (the control) and with it; None where it was not measured.
Compared = tuple[Count | None, Count | None]


def answer(control: Count | None, cloaked: Count | None) -> Answer:
    """Return what one model says of a cloak.

    A control that is found less than half the time is none: such a model misses the person anyway.
    """
    if cloaked is None or not cloaked.probes:
        return Answer.CANNOT_TELL
    if cloaked.found:
        return Answer.FOUND
    if control is None or not control.found or 2 * control.found < control.probes:
        return Answer.CANNOT_TELL
    return Answer.NOT_FOUND


def less_often(control: Count | None, cloaked: Count | None) -> bool:
    """Return whether the cloaked pictures are found less often than the uncloaked, by intervals that lie apart."""
    if not (control and cloaked and control.probes and cloaked.probes):
        return False
    return cloaked.high < control.low


@dataclass(frozen=True)
class Verdict:
    """What all models together say of a cloak.

    Attributes:
        found_by: models that found the person.
        not_found_by: models that did not, though they do without the cloak.
        silent: models that cannot tell.
        less_often: models among `found_by` that found the person less often than without the cloak.
        up_to: the largest share that "not found" still allows, or None where no model says it.
        fewest_probes: the fewest probes that a model which tells was asked about, 0 where none tells.
    """

    found_by: int
    not_found_by: int
    silent: int
    less_often: int
    up_to: float | None
    fewest_probes: int

    @property
    def told(self) -> int:
        """How many models tell."""
        return self.found_by + self.not_found_by

    @property
    def answer(self) -> Answer:
        """The worst that a model says: one that finds the person decides."""
        if self.found_by:
            return Answer.FOUND
        return Answer.NOT_FOUND if self.not_found_by else Answer.CANNOT_TELL

    @property
    def too_few(self) -> bool:
        """Whether there are too few probes for a firm answer."""
        return self.fewest_probes < ENOUGH_PROBES


def verdict(models: Iterable[Compared]) -> Verdict:
    """Return what these models together say of a cloak."""
    answers = [(answer(*compared), *compared) for compared in models]
    told = [cloaked for said, _, cloaked in answers if said is not Answer.CANNOT_TELL]
    missed = [cloaked.high for said, _, cloaked in answers if said is Answer.NOT_FOUND]
    found = [(control, cloaked) for said, control, cloaked in answers if said is Answer.FOUND]
    return Verdict(
        found_by=len(found),
        not_found_by=len(missed),
        silent=len(answers) - len(told),
        less_often=sum(less_often(*compared) for compared in found),
        up_to=max(missed, default=None),
        fewest_probes=min((cloaked.probes for cloaked in told), default=0),
    )

"""The modes of Fawkes and their options, which both versions have in the same shape (attacks.md 3.1)."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from uncloak.errors import InputError


class Mode(NamedTuple):
    """DSSIM threshold, iterations and (first) learning rate of one mode."""

    th: float
    steps: int
    lr: float


@dataclass(frozen=True)
class ModeOptions:
    """A mode and what takes the place of its numbers; each version sets its name, its modes and its penalty.

    Raises:
        InputError: where the mode is unknown or a number is out of range.
    """

    method: ClassVar[str]
    modes: ClassVar[dict[str, Mode]]
    fewest_steps: ClassVar[int] = 1

    mode: str = "high"
    th: float | None = None
    steps: int | None = None
    lr: float | None = None
    penalty: float = 0.0

    def __post_init__(self):
        if self.mode not in self.modes:
            raise InputError(f"{self.method}: mode is '{self.mode}'; choose from {', '.join(self.modes)}")
        if self.steps is not None and self.steps < self.fewest_steps:
            raise InputError(f"{self.method}: steps is {self.steps}; it must be at least {self.fewest_steps}")
        for name in ("th", "lr", "penalty"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"{self.method}: {name} is {value}; it must be a number above 0")

    def resolved(self) -> Mode:
        """Return the mode's values, each replaced where the option is given."""
        given = {name: getattr(self, name) for name in Mode._fields if getattr(self, name) is not None}
        return self.modes[self.mode]._replace(**given)

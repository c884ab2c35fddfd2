"""The L-inf ball around a picture in which a loss is raised (`uncloak.ascent`): options, which planning reads, too."""

from dataclasses import dataclass

from uncloak.errors import InputError


@dataclass(frozen=True)
class Ball:
    """How far and how to ascend.

    Attributes:
        epsilon: largest change of a value, of 1.
        steps: sign steps; the last iterate is the result.
        step_size: size of a step, of 1; 2.5 epsilon / steps unless given (Madry et al., section 5).
        random_start: whether the first iterate is drawn uniformly from the ball instead of being the picture.

    Raises InputError where one of them is out of range.
    """

    epsilon: float
    steps: int
    step_size: float | None = None
    random_start: bool = True

    def __post_init__(self):
        if not 0 < self.epsilon <= 1:
            raise InputError(f"pgd: epsilon is {self.epsilon}; it must be above 0 and at most 1")
        if self.steps < 1:
            raise InputError(f"pgd: steps is {self.steps}; it must be at least 1")
        if self.step_size is not None and not 0 < self.step_size <= 1:
            raise InputError(f"pgd: step_size is {self.step_size}; it must be above 0 and at most 1")

"""What is one unprotected picture worth? Users who leave some pictures unprotected (Figure 7)."""

from dataclasses import dataclass

from uncloak.errors import InputError

TITLE = "What do a few unprotected pictures cost?"
CATEGORY = "Defenses"
CHANNELS = WHOLE_TABLE = True
HOOKS = ("faces", "extractor", "gallery")


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        pictures: numbers of unprotected pictures; of them as many as a user's gallery has.
        posted: numbers of pictures that users post at all, besides the whole gallery.
        choices: random choices of the unprotected pictures, which are averaged.
    """

    pictures: tuple[int, ...] = (0, 1, 2, 5, 10, 20)
    posted: tuple[int, ...] | None = None
    choices: int = 20

    def __post_init__(self):
        if 0 not in self.pictures or min(self.pictures) < 0 or len(set(self.pictures)) < len(self.pictures):
            raise InputError("pictures must be different numbers from 0 on, 0 among them; write other ones")
        if min(self.posted or [1]) < 1 or len(set(self.posted or ())) < len(self.posted or ()):
            raise InputError("posted must be different numbers from 1; write other ones")
        if self.choices < 1:
            raise InputError(f"choices is {self.choices}; it must be at least 1")

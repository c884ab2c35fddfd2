"""NAME: does a cloak hold where several probes of somebody vote?

Put your question in its place. What else this module may say stands in `uncloak.experiments`.
"""

from dataclasses import dataclass

from uncloak.errors import InputError

TITLE = "Does a cloak hold where several probes vote?"
CATEGORY = "How long does a cloak last?"


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        share: above 0 and at most 1; a user is recognized where at least this share of the user's probes is.
    """

    share: float = 0.5

    def __post_init__(self):
        if not 0 < self.share <= 1:
            raise InputError(f"share is {self.share}; it must be above 0 and at most 1")

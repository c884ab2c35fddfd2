"""What does a cloak cost in time? Seconds per picture of each attack, one picture at a time (LowKey, section 6.3)."""

from dataclasses import dataclass

from uncloak import paths
from uncloak.errors import InputError
from uncloak.plan import attacks, datasets

TITLE = "How long does it take to cloak a picture?"
CATEGORY = "What does it cost?"
HOOKS = ()  # nobody looks at the pictures
LABELED = False


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        pictures: that each attack perturbs one at a time: one of each user, then another of each; one more, the first,
            is perturbed before and does not count.
    """

    pictures: int = 5

    def __post_init__(self):
        if self.pictures < 2:
            raise InputError(f"pictures is {self.pictures}; it must be at least 2, of two users, for an interval")


def recognizers(asked, found):
    return []


def possible(asked):
    """An interval is over two users at least."""
    return bool(_attacks(asked)) and datasets.number_of(asked.config, asked.dataset, "user") > 1


def _attacks(asked):
    """Its attacks; of a mixture, of others' pictures and of one mask for a whole user no single picture has a time."""
    return [name for name in asked.attacks if name in attacks.one_by_one(asked.config)]


def depends(asked):
    """Each record times its attacks anew."""
    return {f"attack '{name}'": asked.experiment for name in _attacks(asked)}


def files(asked):
    names = {"dataset": asked.dataset, "experiment": asked.experiment}
    return {"times": [paths.fill(paths.TIMES, **names, attack=name) for name in _attacks(asked)]}


def told(asked):
    return {"attacks": _attacks(asked)}


def labels(asked):
    """The names of attacks in tables."""
    return {"labels": {name: asked.config["attacks"][name]["label"] for name in _attacks(asked)}}


def shown(asked):
    """What is said of the attacks drawn; nobody looks."""
    return {**labels(asked), "extractors": []}

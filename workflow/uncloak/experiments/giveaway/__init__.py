"""Do the embeddings of a user's own pictures give the cloak away? Fawkes' cloak detection (its section 8.2)."""

from dataclasses import dataclass

from uncloak import paths
from uncloak.errors import InputError
from uncloak.plan import attacks, recognition

TITLE = "Does a user's gallery give the cloak away?"
CATEGORY = "Defenses"
OWN_ATTACKS = True
HOOKS = ()


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        shares: of a user's gallery that the trainer has uncloaked, each from 0 to below 1.
        choices: random choices of these pictures, which are averaged.
        deviations: a user is found who lies so many standard deviations from what is usual.
    """

    shares: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7)
    choices: int = 10
    deviations: float = 3.0

    def __post_init__(self):
        if not self.shares or min(self.shares) < 0 or max(self.shares) >= 1 or len(set(self.shares)) < len(self.shares):
            raise InputError("shares must be different numbers from 0 to below 1; write other ones")
        if self.choices < 1:
            raise InputError(f"choices is {self.choices}; it must be at least 1")
        if not 0 < self.deviations < float("inf"):
            raise InputError(f"deviations is {self.deviations}; it must be a number above 0")


def possible(asked):
    return bool(_attacks(asked))


def _attacks(asked):
    """Its attacks; a mixture has no pictures of its own."""
    return [name for name in asked.attacks if name not in attacks.mixtures(asked.config)]


def _aimed(asked):
    """Those whose targets are people of this dataset, so that their embeddings are stored."""
    return [
        name
        for name in _attacks(asked)
        if name in attacks.targeted(asked.config)
        and attacks.targets_record(asked.config, name).get("dataset", asked.dataset) == asked.dataset
    ]


def _extractors(asked):
    return [each.extractor for each in asked.recognizers]


def depends(asked):
    return {
        f"attack '{attack}' and extractor '{extractor}'": asked.options.choices
        for attack in _attacks(asked)
        for extractor in _extractors(asked)
    }


def files(asked):
    """Clean and posted faces as each extractor sees them, who is who, and whom attacks aim at."""
    dataset, found = asked.dataset, _extractors(asked)
    targets = [paths.fill(paths.TARGETS, dataset=dataset, attack=name) for name in _aimed(asked)]
    return {
        "clean": [recognition.embeddings(dataset, name, "clean") for name in found],
        "posted": [recognition.embeddings(dataset, name, attack) for name in found for attack in _attacks(asked)],
        "split": [paths.fill(paths.SPLIT, dataset=dataset)],
        **({"targets": targets} if targets else {}),
    }


def told(asked):
    return {
        "recognizers": [],
        "extractors": _extractors(asked),
        "attacks": _attacks(asked),
        "aimed": _aimed(asked),
        "metric": recognition.metric(asked.config),
    }

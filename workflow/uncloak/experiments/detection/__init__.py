"""Can a trainer tell cloaked pictures from clean ones? Detectors on people they do not know (Tables 2 and 3)."""

from dataclasses import dataclass

from uncloak.errors import InputError
from uncloak.plan.defenses import scored_by

TITLE = "Can a trainer tell cloaked pictures from clean ones?"
CATEGORY = "Defenses"
OWN_ATTACKS = True
HOOKS = ()
LABELED = False


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        detectors: records of detectors.
        threshold: score in (0,1) from which a face is flagged.
    """

    detectors: tuple[str, ...]
    threshold: float = 0.5

    def __post_init__(self):
        if not 0 < self.threshold < 1:
            raise InputError(f"threshold is {self.threshold}; it must be above 0 and below 1")


def depends(asked):
    return {
        f"attack '{attack}' and detector '{detector}'": asked.options.threshold
        for attack in asked.attacks
        for detector in asked.options.detectors
    }


def files(asked):
    return {"scores": scored_by(asked.dataset, asked.options.detectors)}


def drawn_from(asked):
    return {"table": [asked.table()], **files(asked)}


def told(asked):
    """The attacks tested, and of each detector those that it has learned."""
    known = [asked.config["detectors"][name]["attacks"] for name in asked.options.detectors]
    return {"recognizers": [], "attacks": asked.attacks, "learned": known}


def shown(asked):
    labels = {name: asked.config["detectors"][name]["label"] for name in asked.options.detectors}
    return {"detectors": labels, "extractors": []}

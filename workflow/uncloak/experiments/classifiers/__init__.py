"""Does the classifier matter? Nearest neighbor, linear, end to end, with and without robust training (Figure 9)."""

from dataclasses import dataclass
from typing import Literal

from uncloak import paths
from uncloak.errors import InputError
from uncloak.plan import datasets, evaluated
from uncloak.plan.defenses import NONE
from uncloak.plan.extractors import learned_public

TITLE = "Does the classifier matter?"
CATEGORY = "Defenses"
HOOKS = ("extractor",)


@dataclass(frozen=True)
class Options:
    """How classifiers are tuned end to end.

    Attributes:
        users: who attack, the first of a seeded order: each costs a training.
        iterations: batches learned; the paper: 5000.
        robust_start: where robust training starts from: the plain extractor, as in the paper; or the robust one, where
            the iterations are too few to learn from the public pairs.
        optimizer: the paper: adadelta.
        learning_rate: the paper: 1.
        decay: whether the rate falls to zero; the paper: false.
        warm_up: share of the iterations, in [0,1].
        batch: pictures in a batch, at least 2.
        precision: of the passes; the configuration's unless given.
    """

    users: int
    iterations: int
    robust_start: Literal["extractor", "robust"] = "extractor"
    optimizer: Literal["adamw", "adadelta"] = "adamw"
    learning_rate: float = 3e-4
    decay: bool = True
    warm_up: float = 0.08
    batch: int = 32
    precision: Literal["auto", "float32", "bfloat16"] | None = None

    def __post_init__(self):
        for name, least in (("users", 1), ("iterations", 1), ("batch", 2)):
            if not least <= getattr(self, name) <= 10**9:
                raise InputError(f"{name} is {getattr(self, name)}; it must be at least {least}")
        if not self.learning_rate > 0:
            raise InputError(f"learning_rate is {self.learning_rate}; it must be above 0")
        if not 0 <= self.warm_up <= 1:
            raise InputError(f"warm_up is {self.warm_up}; it must lie in [0, 1]")


def check(asked, place):
    config = asked.config
    for each in asked.recognizers:
        if any(lacks(config, each.extractor) for lacks in (evaluated.is_pixels, evaluated.is_black_box)):
            raise InputError(f"{place}.extractors: '{each.extractor}' has no weights to tune; name another extractor")
        public = learned_public(config, each.embedder).get("dataset") if each.defense != NONE else None
        there, here = (datasets.crop(config, name) for name in (public or asked.dataset, asked.dataset))
        if there != here:
            raise InputError(
                f"{place}.datasets: faces of '{asked.dataset}' have {here['face_size']} pixels and margin"
                f" {here['margin']}, those of the public identities {there['face_size']} and {there['margin']}; give"
                " both the same face_size and margin"
            )


def files(asked):
    """Distances for nearest neighbors, and the errors of the classifiers that are trained."""
    attacks = [NONE, *asked.attacks]
    return {
        **asked.recognition(),
        "linear": [
            paths.fill(paths.LINEAR, dataset=asked.dataset, extractor=each.embedder) for each in asked.recognizers
        ],
        "end_to_end": [
            paths.fill(
                paths.END_TO_END, dataset=asked.dataset, extractor=each.extractor, defense=each.defense, attack=attack
            )
            for each in asked.recognizers
            for attack in attacks
        ],
    }


def shown(asked):
    starts = {"extractor": "the plain extractor", "robust": "the robust extractor"}
    return {"start": starts[asked.options.robust_start]}

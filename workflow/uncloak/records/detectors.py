"""Detectors: classifiers that tell perturbed faces from clean ones (ICLR 2022, Tables 2 and 3)."""

from typing import Literal

from pydantic import model_validator

from uncloak.records.base import Count, Names, Positive, Record, Text, fault, field
from uncloak.records.extractors import PRECISION, Precision


class DetectorIdentities(Record):
    """Of role detector, in a seeded order."""

    train: Count = field("To learn from; 25 in the paper.")
    test: Count = field("To test on; 20 in the paper.")


class Detector(Record):
    """A detector and how it learns; what is not given is the paper's setting."""

    label: Text = field("Name in figures.")
    attacks: Names = field("Attacks whose pictures it learns to tell; each picture is perturbed by one of them.")
    identities: DetectorIdentities = field("Of role detector, in a seeded order.")
    weights: Literal["imagenet", "scratch"] = field("Where MobileNetV2 starts from.", "imagenet")
    input: Literal["rgb", "residual"] = field(
        "residual: eight times what a Gaussian blur of one pixel takes away.", "rgb"
    )
    size: Count | None = field("Side that faces are resized to first; as they are unless given.", None, unit="pixels")
    width: Positive = field("Factor of all numbers of channels.", 1.0)
    epochs: Count = field("How often each picture is seen.", 3)
    batch: int = field("Most pictures in a step.", 32, ge=2, le=10**6)
    learning_rate: Positive = field("Of Adam; where the schedule is not constant, the largest.", 5e-5)
    schedule: Literal["constant", "one_cycle"] = field("Of the learning rate.", "constant")
    precision: Precision | None = field(f"{PRECISION} The configuration's unless given.", None)

    @model_validator(mode="after")
    def _fit(self) -> "Detector":
        if self.weights == "imagenet" and self.width != 1:
            raise fault(f"ImageNet's weights have width 1, not {self.width:g}; say `weights: scratch`")
        return self

"""Image classifiers: extractors whose embeddings are logits, one for each class."""

import os
from collections.abc import Mapping

import torch
from torch import nn
from torch.nn.functional import interpolate

from uncloak.errors import InputError
from uncloak.extractors import extractor, weights
from uncloak.extractors.extractor import Extractor
from uncloak.transfer import networks


class Scaling(nn.Module):
    """The way from pictures to a network's input, made from the `input` of an image classifier's record.

    Pictures of another side than `size` are scaled, bilinear and smoothed where they shrink; `mean` and `std` are three
    numbers each, of a [0,1] input in RGB. Raises InputError for other numbers.
    """

    def __init__(self, size: int, mean: list[float], std: list[float]):
        super().__init__()
        if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
            raise InputError("input: mean and std must have three numbers each, those of std above 0")
        self.size = size
        for name, values in (("mean", mean), ("std", std)):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32).view(3, 1, 1), persistent=False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Turn pictures float32 [N,3,S,S], RGB in [0,1], into the network's input float32 [N,3,size,size]."""
        if pictures.shape[-1] != self.size:
            pictures = interpolate(pictures, size=(self.size, self.size), mode="bilinear", antialias=True)
        return (pictures - self.mean) / self.std


def build(record: Mapping) -> Extractor:
    """Build the image classifier of a record, its weights not yet trained or loaded.

    As `uncloak.extractors.extractor.build`, with networks of uncloak.transfer.networks; record["input"]: {size, mean,
    std}; record["classes"]: how many.
    """
    size = (record.get("input") or {}).get("size")
    return extractor.build(record, networks, Scaling, classes=record.get("classes"), size=size)


def load(path: str | os.PathLike, device: str = "cpu") -> Extractor:
    """Rebuild the image classifier of a file, as `uncloak.extractors.weights.load` does an extractor."""
    return weights.load(path, device, build)

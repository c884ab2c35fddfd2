"""Classifiers: a network together with the scaling and normalization that its weights were trained with."""

import importlib
import importlib.util
import inspect
import os
from collections.abc import Mapping

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn.functional import interpolate

from uncloak.errors import InputError
from uncloak.extractors.weights import read_metadata
from uncloak.transfer import networks

_MEND = "delete it and run again"


class Classifier(nn.Module):
    """A differentiable map from pictures float32 [N,3,S,S], RGB in [0,1], to logits float32 [N,classes].

    Pictures of another side than `size` are scaled, bilinear and smoothed where they shrink.
    """

    def __init__(self, network: nn.Module, size: int, mean: list[float], std: list[float]):
        super().__init__()
        if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
            raise InputError("input: mean and std must have three numbers each, those of std above 0")
        self.network, self.size = network, size
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(3, 1, 1), persistent=False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        if pictures.shape[-1] != self.size:
            pictures = interpolate(pictures, size=(self.size, self.size), mode="bilinear", antialias=True)
        return self.network((pictures - self.mean) / self.std)

    def freeze(self) -> "Classifier":
        """Set evaluation mode, stop gradients to the weights (not to the pictures), and return the classifier."""
        return self.eval().requires_grad_(False)


def build(record: Mapping) -> Classifier:
    """Build the classifier of a record, its weights not yet trained or loaded.

    record["network"]: {name: module in uncloak.transfer.networks, and the options of that module's `build`};
    record["input"]: {size, mean, std}; record["classes"]: how many. Other keys are not looked at.
    Raises InputError for unknown names, options or values.
    """
    for key in ("network", "input"):
        if not isinstance(record.get(key), Mapping):
            raise InputError(f"{key}: missing in the classifier's record, or not a mapping")
    options = dict(record["network"])
    name = options.pop("name", None)
    path = f"{networks.__name__}.{name}"
    module = None
    if str(name).isidentifier() and importlib.util.find_spec(path):
        module = importlib.import_module(path)
    if not hasattr(module, "build"):
        raise InputError(f"network: unknown name '{name}'; use a module of {networks.__name__} that has build()")
    sizes = {"classes": record.get("classes"), "size": record["input"].get("size")}
    for what, maker, arguments in (
        (f"network {name}", module.build, {**sizes, **options}),
        ("input", Classifier, {"network": None, **record["input"]}),
    ):
        try:
            inspect.signature(maker).bind(**arguments)
        except TypeError as error:
            raise InputError(f"{what}: {error}") from None
    return Classifier(module.build(**sizes, **options), **record["input"])


def load(path: str | os.PathLike) -> Classifier:
    """Rebuild the classifier of a file written by `uncloak.extractors.weights.save`, frozen.

    Raises InputError where the file is missing, truncated or foreign, or its weights do not fit its record's network.
    """
    try:
        classifier = build(read_metadata(path)["record"])
    except InputError as error:
        raise InputError(f"{error}" if str(path) in str(error) else f"{path}: {error}; {_MEND}") from None
    try:
        classifier.network.load_state_dict(load_file(path), strict=True)
    except RuntimeError:
        raise InputError(f"{path}: its weights do not fit its network; {_MEND}") from None
    return classifier.freeze()

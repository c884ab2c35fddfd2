"""A detector of perturbed faces: MobileNetV2 with one output (Radiya-Dixit et al., ICLR 2022, section 3.3 and B.4)."""

import os
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import mobilenet_v2

from uncloak.devices import autocast
from uncloak.errors import InputError
from uncloak.extractors import published, weights
from uncloak.halving import Halving
from uncloak.pictures.tensors import as_floats
from uncloak.pictures.views import Faces, at_hand, joined
from uncloak.progress import track
from uncloak.published_files import OURS
from uncloak.records import detectors as records
from uncloak.seeds import derive_seed, generator

_CLASSES = 1000
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_RADIUS = 3
_AMPLIFIER = 8.0
_BATCH = 64
_NETWORK = "mobilenet_v2"
_BUILT_FROM = ("input", "size", "width")  # of a detector's record


class Detector(nn.Module):
    """Map faces to logits: above 0 where a face seems perturbed."""

    def __init__(self, input: str, size: int | None, width: float):
        super().__init__()
        self.network = mobilenet_v2(num_classes=1, width_mult=width)
        self._input, self._size = input, size
        self.register_buffer("_mean", torch.tensor(_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("_std", torch.tensor(_STD).view(3, 1, 1), persistent=False)

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Map faces float32 [N,3,S,S], RGB in [0,1], to logits float32 [N]."""
        if self._size is not None:
            faces = F.interpolate(faces, (self._size, self._size), mode="bilinear", antialias=True)
        inputs = residual(faces) if self._input == "residual" else (faces - self._mean) / self._std
        return self.network(inputs.contiguous(memory_format=torch.channels_last))[:, 0]


def residual(faces: torch.Tensor) -> torch.Tensor:
    """Return eight times what a Gaussian blur (7x7, sigma 1 pixel) takes away from faces float [N,3,H,W].

    At the edges the blur sees the picture reflected, without repeating the edge pixel.
    """
    offsets = torch.arange(-_RADIUS, _RADIUS + 1, dtype=faces.dtype, device=faces.device)
    kernel = torch.softmax(-offsets.square() / 2, dim=0).expand(3, 1, 1, -1)
    padded = F.pad(faces, (_RADIUS,) * 4, mode="reflect")
    blurred = F.conv2d(F.conv2d(padded, kernel, groups=3), kernel.transpose(2, 3), groups=3)
    return _AMPLIFIER * (faces - blurred)


def build(record: records.Detector, seed: int, name: str, imagenet: str | os.PathLike | None = None) -> Detector:
    """Return a detector that has learned nothing yet, its weights from `seed` and its `name`, or from ImageNet.

    imagenet: torchvision's file of MobileNetV2's weights, read without unpickling objects, where the options want it.
    Raises InputError where it is missing, another file, or damaged.
    """
    torch.manual_seed(derive_seed(seed, "detector weights", name))
    detector = Detector(record.input, record.size, record.width)
    if record.weights == "imagenet":
        network = mobilenet_v2(num_classes=_CLASSES)
        _load_imagenet(network, imagenet)
        detector.network.features = network.features
    return detector


def _load_imagenet(network: nn.Module, path: str | os.PathLike | None) -> None:
    file = OURS["mobilenet_v2"]
    advice = f"get MobileNetV2's weights from {file.url}, or set the detector's weights to scratch"
    if not path:
        raise InputError(f"ImageNet weights: no such file; {advice}")
    published.check(path, file.digits, advice)
    state = published.read(path, "torch")
    try:
        network.load_state_dict(state, strict=True)
    except (TypeError, RuntimeError) as error:
        raise InputError(
            f"{path}: not MobileNetV2's weights ({' '.join(str(error).split())[:200]}); {advice}"
        ) from None


def train(
    detector: Detector,
    clean: Faces,
    perturbed: Faces,
    record: records.Detector,
    seed: int,
    name: str,
    device: str = "cpu",
) -> Detector:
    """Train `detector` in place on clean and perturbed faces, uint8 [N,S,S,3] and [M,S,S,3]; return it in eval mode.

    Faces are mirrored half of the time. `seed` and the detector's `name` give the order of the pictures. The rate of a
    schedule "one_cycle" rises and falls once (Smith and Topin 2019); scores are computed in float32 in any case.
    Raises InputError where there are none, their sizes differ, or the training diverges.
    """
    if not len(clean) or not len(perturbed):
        raise InputError(
            f"detector '{name}': needs clean and perturbed faces to learn from; give more people the role detector"
        )
    if clean.shape[1:] != perturbed.shape[1:]:
        raise InputError(
            f"detector '{name}': clean faces are {clean.shape[1]} pixels, perturbed ones {perturbed.shape[1]}, and it"
            " would learn the size; train on attacks without preparation"
        )
    faces = at_hand(joined([clean, perturbed]))
    torch.manual_seed(derive_seed(seed, "detector", name))
    random = generator(seed, "detector batches", name)
    detector.to(device, memory_format=torch.channels_last).requires_grad_(True).train()
    optimizer = torch.optim.Adam(detector.parameters(), lr=record.learning_rate, fused=True)
    # Parts of nearly one size: batch normalization cannot learn from a last batch of one picture.
    parts = -(-len(faces) // record.batch)
    scheduler = None
    if record.schedule == "one_cycle":
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, record.learning_rate, total_steps=record.epochs * parts
        )
    truth = torch.cat([torch.zeros(len(clean)), torch.ones(len(perturbed))])
    for _ in track(range(record.epochs), record.epochs, f"training detector {name}", unit="epochs"):
        for rows in np.array_split(random.permutation(len(faces)), parts):
            pictures = faces[rows]
            mirrored = random.random(len(rows)) < 0.5
            pictures[mirrored] = pictures[mirrored, :, ::-1]
            with autocast(device, record.precision or "auto"):
                logits = detector(as_floats(pictures, device))
            loss = F.binary_cross_entropy_with_logits(logits.float(), truth[rows].to(device))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            if scheduler:
                scheduler.step()
        if not torch.isfinite(loss):
            raise InputError(f"detector '{name}': training diverged; lower its learning rate")
    return detector.eval().requires_grad_(False)


def score(detector: Detector, faces: Faces, device: str = "cpu") -> np.ndarray:
    """Return how sure the detector is that each face is perturbed, float64 [N] in [0,1]; faces are uint8 [N,S,S,3]."""
    detector = detector.to(device, memory_format=torch.channels_last).eval()
    scores, halved = [], Halving("scoring")
    with torch.inference_mode():
        for start in track(range(0, len(faces), _BATCH), len(faces), "scoring", weight=_BATCH):
            batch = faces[start : start + _BATCH]
            for _, logits in halved(lambda rows, batch=batch: detector(as_floats(batch[rows], device)), len(batch)):
                scores.append(torch.sigmoid(logits.double()).cpu().numpy())
    return np.concatenate(scores) if scores else np.empty(0)


def save(path: str | os.PathLike, detector: Detector, record: records.Detector, metadata: Mapping) -> None:
    """Write the detector with its options and further `metadata` (JSON values), as extractors are written."""
    options = record.model_dump(mode="json", include=set(_BUILT_FROM))
    weights.save(path, detector, {"network": {"name": _NETWORK}, "options": options}, metadata)


def load(path: str | os.PathLike) -> Detector:
    """Rebuild the detector of a file written by `save`, frozen and in evaluation mode.

    Raises InputError where the file is missing, damaged, or no detector's.
    """
    record = weights.read_metadata(path)["record"]
    if record["network"]["name"] != _NETWORK:
        raise InputError(f"{path}: holds no detector but network {record['network']['name']}; give a detector's file")
    with weights.rebuilding(path):
        detector = Detector(*(record["options"][name] for name in _BUILT_FROM))
        detector.network.load_state_dict(weights.tensors(path), strict=True)
    return detector.eval().requires_grad_(False)

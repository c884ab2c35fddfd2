"""Extractors: a network together with the preprocessing that its weights were trained with.

Aligned faces come as the standard 112 x 112 five-point crop, with a margin of m of its pixels on each side, scaled to
S x S: a landmark at `p` in the standard crop lies at `(p + m + 0.5) * S / (112 + 2 m) - 0.5`. Where a network was
trained on another crop (`uncloak.crops`), its own is cut out of the incoming one by a fixed scale and shift, so that it
sees what aligning the photograph to its own template would have given. Rows and columns separate: the resampling is two
small matrix products, differentiable, deterministic, smoothed where it shrinks.
"""

import importlib
import importlib.util
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from uncloak.crops import STANDARD, UnfitCrop, seen
from uncloak.errors import InputError
from uncloak.extractors import networks

# What networks raise whose parts do not fit together.
_UNFIT = (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError)
_CHANNELS = {"rgb": [0, 1, 2], "bgr": [2, 1, 0]}


def _resampling(side: int, length: int, step: float, start: float) -> np.ndarray:
    """Return the matrix float32 [length, side] that samples a line of `side` pixels at `start + step * i`.

    Linear interpolation; where it shrinks (step > 1) the triangle is widened to `step`. Beyond the ends the line is
    continued by its last pixel.
    """
    width = max(step, 1.0)
    centers = start + step * np.arange(length)
    taps = np.floor(centers)[:, None] + np.arange(-np.ceil(width), np.ceil(width) + 2)
    values = np.maximum(0.0, 1.0 - np.abs(taps - centers[:, None]) / width)
    values /= values.sum(1, keepdims=True)
    matrix = np.zeros((length, side))
    rows = np.broadcast_to(np.arange(length)[:, None], taps.shape)
    np.add.at(matrix, (rows, np.clip(taps, 0, side - 1).astype(int)), values)
    return matrix.astype(np.float32)


class Preprocessing(nn.Module):
    """The way from aligned faces to a network's input, made from the `input` of an extractor's record.

    size: [height, width] of the network's input; template, box, margin: the crop that it shows, see
    `uncloak.crops.seen`; color: "rgb" or "bgr", the order of the network's channels; mean, std: three numbers each, in
    units of a [0,1] input and in the order of `color`.
    The attribute `stored_margin` is what the incoming faces show beyond the standard crop, in its pixels; where the
    network's crop reaches beyond that, the incoming borders are continued.
    Raises InputError for an unknown template or color, and where size and crop do not fit.
    """

    def __init__(
        self,
        size: Sequence[int],
        template: str | Sequence[Sequence[float]] | None = None,
        *,
        mean: Sequence[float],
        std: Sequence[float],
        color: str = "rgb",
        box: Sequence[float] | None = None,
        margin: int = 0,
    ):
        super().__init__()
        if color not in _CHANNELS:
            raise InputError(f"input: unknown color '{color}'; use rgb or bgr")
        if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
            raise InputError("input: mean and std must have three numbers each, those of std above 0")
        if len(size) != 2 or min(size) < 1:
            raise InputError(f"input: size {list(size)} must be height and width in pixels")
        try:
            crop = seen(size, template, box, margin)
        except UnfitCrop as error:
            raise InputError(f"input: {error}") from None
        self.size = tuple(size)
        # First and last edge of rows, and of columns.
        self._edges = (crop[1::2], crop[::2])
        self.stored_margin = 0
        self._channels = _CHANNELS[color]
        self._plans: dict[tuple[int, int, torch.device], list[slice | torch.Tensor]] = {}
        for name, values in (("mean", mean), ("std", std)):
            # One number for all channels is taken from pixels in any memory layout at full speed.
            numbers = torch.tensor(values[:1] if len(set(values)) == 1 else values, dtype=torch.float32)
            self.register_buffer(name, numbers.view(-1, 1, 1), persistent=False)

    def _plan(self, side: int, device: torch.device) -> list[slice | torch.Tensor]:
        """Return, for rows and for columns, the slice (where that is exact) or else the matrix that makes the crop."""
        key = side, self.stored_margin, device
        if key not in self._plans:
            plan = []
            scale = side / (STANDARD + 2 * self.stored_margin)
            for length, (first, last) in zip(self.size, self._edges, strict=True):
                step = (last - first) / length
                # Rounded, so that an error in the last digit does not hide an exact slice.
                start = round((first + step / 2 + self.stored_margin) * scale - 0.5, 12)
                step = round(step * scale, 12)
                matrix = _resampling(side, length, step, start)
                row = int(matrix[0].argmax())
                if np.array_equal(matrix, np.eye(side)[row : row + length]):
                    plan.append(slice(row, row + length))
                else:
                    # Made in inference mode, the matrix could not serve a later gradient.
                    with torch.inference_mode(False):
                        plan.append(torch.from_numpy(matrix).to(device))
            self._plans[key] = plan
        return self._plans[key]

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Turn faces float32 [N,3,S,S], RGB in [0,1], into the network's input float32 [N,3,height,width]."""
        if faces.ndim != 4 or faces.shape[1] != 3 or faces.shape[2] != faces.shape[3]:
            raise ValueError(f"faces must be [N,3,S,S], got {list(faces.shape)}")
        # bfloat16 has fewer steps than a picture has grey levels.
        with torch.autocast(faces.device.type, enabled=False):
            rows, columns = self._plan(faces.shape[-1], faces.device)
            faces = faces[..., columns] if isinstance(columns, slice) else F.linear(faces, columns)
            if isinstance(rows, slice):
                faces = faces[..., rows, :]
            else:
                faces = F.linear(faces.transpose(-1, -2), rows).transpose(-1, -2)
            if self._channels != [0, 1, 2]:
                faces = faces[:, self._channels]
            return (faces - self.mean) / self.std


class Extractor(nn.Module):
    """A differentiable map from pictures to embeddings: `preprocessing`, then `network`."""

    def __init__(self, network: nn.Module, preprocessing: Preprocessing):
        super().__init__()
        self.network = network
        self.preprocessing = preprocessing

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Map faces float32 [N,3,S,S], RGB in [0,1], to embeddings float32 [N,D], not normalized."""
        return self.network(self.preprocessing(faces))

    def for_crops(self, margin: int) -> "Extractor":
        """Expect faces that show `margin` more pixels of the standard crop on each side; return the extractor itself.

        Its file says nothing of that: margins are the datasets'.
        """
        self.preprocessing.stored_margin = margin
        return self

    def freeze(self) -> "Extractor":
        """Set evaluation mode, stop gradients to the weights (not to the faces), and return the extractor itself."""
        return self.eval().requires_grad_(False)


def network_module(name: str, package: ModuleType = networks) -> ModuleType:
    """Import the module of the network called `name` in `package`, and no other.

    Raises InputError for an unknown name.
    """
    path = f"{package.__name__}.{name}"
    if str(name).isidentifier() and importlib.util.find_spec(path) is not None:
        module = importlib.import_module(path)
        if hasattr(module, "build"):
            return module
    raise InputError(f"network: unknown name '{name}'; use a module of {package.__name__} that has build()")


def build(
    record: Mapping,
    package: ModuleType = networks,
    preprocessing: Callable[..., nn.Module] = Preprocessing,
    **given: object,
) -> Extractor:
    """Build the extractor of a record, its weights not yet trained or loaded.

    record["network"]: {name: module in `package`, and the options of that module's `build` less those `given`};
    record["input"]: the arguments of `preprocessing`. Other keys are not looked at.
    Raises InputError for unknown names, options or values.
    """
    for key in ("network", "input"):
        if not isinstance(record.get(key), Mapping):
            raise InputError(f"{key}: missing in the record, or not a mapping")
    options = {**record["network"], **given}
    name = options.pop("name", None)
    build_network = network_module(name, package).build
    for what, maker, arguments in (
        (f"network {name}", build_network, options),
        ("input", preprocessing, record["input"]),
    ):
        try:
            inspect.signature(maker).bind(**arguments)
        except TypeError as error:
            raise InputError(f"{what}: {error}") from None
    try:
        network = build_network(**options)
    except InputError:
        raise
    except _UNFIT as error:
        raise InputError(f"network {name}: cannot be built with its options ({_reason(error)}); correct them") from None
    return Extractor(network, preprocessing(**record["input"]))


def embedding_of_nothing(extractor: Extractor, called: str) -> torch.Tensor:
    """Return what an extractor, in evaluation mode, gives for one black picture, float32 [1,D].

    Raises InputError, which says what is `called` so, where its network takes no picture of the size of its input, or
    gives something else.
    """
    size = extractor.preprocessing.size
    size = [size, size] if isinstance(size, int) else list(size)
    try:
        with torch.no_grad():
            row = extractor.network(torch.zeros(1, 3, *size))
    except InputError:
        raise
    except _UNFIT as error:
        reason = _reason(error)
        raise InputError(
            f"{called}: cannot take a picture of {size} ({reason}); correct its options or input.size"
        ) from None
    if not isinstance(row, torch.Tensor) or row.ndim != 2:
        shape = list(row.shape) if isinstance(row, torch.Tensor) else type(row).__name__
        raise InputError(f"{called}: gives {shape} for a picture, not one row of numbers; change its options")
    return row


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]

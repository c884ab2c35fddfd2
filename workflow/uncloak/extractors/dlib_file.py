"""Networks as dlib serializes them (King 2009): their convolutions, scales and last layer as arrays by name.

Whole numbers are a byte that says how many bytes follow, little endian, and in its highest bit the sign; numbers with
fractions are two whole ones, mantissa and exponent of 2; arrays are raw float32. Each layer that has parameters begins
with its kind in letters. What lies between these layers (versions, switches, empty arrays, layers without parameters)
takes a few bytes, and a file where it takes more is none that this module knows.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from uncloak.errors import InputError

_KINDS = re.compile(rb"\x01\x05con_4|\x01\x07affine_|\x01\x04fc_2")
# Between two layers with parameters; the loss and all outer layers' versions come before the first.
_LONGEST_GAP = 1000
_LONGEST_ARRAY = 2**28


class _Reader:
    def __init__(self, data: bytes):
        self._data, self.place = data, 0

    def _take(self, count: int) -> bytes:
        taken = self._data[self.place : self.place + count]
        if len(taken) < count:
            raise ValueError("ends in the middle of a layer")
        self.place += count
        return taken

    def number(self) -> int:
        control = self._take(1)[0]
        length = control & 0x0F
        if not 1 <= length <= 8 or control & 0x70:
            raise ValueError(f"has no number at byte {self.place - 1}")
        value = int.from_bytes(self._take(length), "little")
        return -value if control & 0x80 else value

    def numbers(self, count: int) -> list[int]:
        return [self.number() for _ in range(count)]

    def array(self) -> np.ndarray:
        """An array float32 [samples, channels, rows, columns]."""
        version, *shape = self.numbers(5)
        count = int(np.prod(np.array(shape, dtype=object)))
        if version != 2 or min(shape) < 0 or count > _LONGEST_ARRAY:
            raise ValueError(f"has no array at byte {self.place}")
        return np.frombuffer(self._take(4 * count), "<f4").reshape(shape)

    def view(self) -> tuple[int, ...]:
        """The shape of a part of a layer's array; without the version, which says nothing."""
        return tuple(self.numbers(5)[1:])

    def kind(self) -> str | None:
        """Go behind the name of the next layer with parameters, and return it; None where there is no other."""
        found = _KINDS.search(self._data, self.place)
        if found is None:
            return None
        if found.start() > self.place + _LONGEST_GAP:
            raise ValueError(f"has something unknown at byte {self.place}")
        self.place = found.end()
        return found[0][2:].decode()

    def rest(self) -> int:
        return len(self._data) - self.place


def read(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read a network's arrays float32: conv00, conv01, ... in the order of the forward pass, and the last layer.

    Convolutions have `weight` [out, in, rows, columns] and `bias` [out], then `gamma` and `beta` [out], the scale and
    shift that follow; the last layer has `fc.weight` [out, in].

    Raises InputError where the file is another or damaged.
    """
    try:
        return dict(_arrays(_Reader(Path(path).read_bytes())))
    except ValueError as error:
        raise InputError(f"{path}: {error}, so it is no network as dlib writes it; get the file again") from None


def _arrays(reader: _Reader) -> Iterator[tuple[str, np.ndarray]]:
    convolutions, kind = 0, None
    while (following := reader.kind()) is not None:
        before, kind = kind, following
        if kind == "con_4":
            name = f"conv{convolutions:02d}"
            convolutions += 1
            parameters = reader.array().ravel()
            reader.numbers(7)  # filters, rows, columns, strides and padding
            weight, bias = reader.view(), reader.view()
            reader.numbers(8)  # four factors of learning, each a mantissa and an exponent
            yield from _parts(parameters, {f"{name}.weight": weight, f"{name}.bias": (bias[1],)})
        elif kind == "affine_":
            if before != "con_4":
                raise ValueError("has a scale that follows no convolution")
            parameters = reader.array().ravel()
            gamma, beta = reader.view(), reader.view()
            yield from _parts(parameters, {f"{name}.gamma": (gamma[1],), f"{name}.beta": (beta[1],)})
        else:
            outputs, inputs = reader.numbers(2)
            yield from _parts(reader.array().ravel(), {"fc.weight": (inputs, outputs)}, transposed=True)
            if reader.rest() > _LONGEST_GAP:
                raise ValueError(f"has something unknown at byte {reader.place}")
    if kind != "fc_2":
        raise ValueError("has no last layer")


def _parts(
    parameters: np.ndarray, shapes: dict[str, tuple[int, ...]], transposed: bool = False
) -> Iterator[tuple[str, np.ndarray]]:
    start = 0
    for name, shape in shapes.items():
        end = start + int(np.prod(np.array(shape, dtype=object)))
        if min(shape) < 1 or end > len(parameters):
            raise ValueError(f"has another number of parameters than '{name}' takes")
        part = parameters[start:end].reshape(shape)
        yield name, (part.T if transposed else part).copy()
        start = end
    if start != len(parameters):
        raise ValueError(f"has more parameters than '{name}' takes")

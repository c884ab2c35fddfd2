"""An ONNX file, run by onnxruntime on the processor. As a network (recipe `import`) it has gradients, too."""

import os
from collections.abc import Callable
from typing import Literal

import numpy as np
import onnxruntime
import torch

from uncloak.errors import InputError
from uncloak.records.base import Positive

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


def build(
    weights: str | os.PathLike,
    mean: tuple[float, float, float],
    std: tuple[Positive, Positive, Positive],
    color: Literal["rgb", "bgr"] = "rgb",
    layout: Literal["NCHW", "NHWC"] = "NCHW",
    input: str = "",
    output: str = "",
) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function of face crops uint8 [N,H,W,3], RGB -> [N,D].

    Args:
        weights: the .onnx file.
        mean: subtracted from values in 0..1, in the order of `color`.
        std: divided by.
        color: order of the channels.
        layout: order of pictures, channels, rows and columns.
        input: name of the graph's input; needed where there are several.
        output: name of the graph's output; needed where there are several.

    Raises InputError where the graph has not these inputs and outputs, and what onnxruntime raises for a file that it
    cannot run.
    """
    options = onnxruntime.SessionOptions()
    # As many as this job has cores.
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(os.fspath(weights), options, ["CPUExecutionProvider"])
    given = _chosen("input", input, session.get_inputs())
    wanted = _chosen("output", output, session.get_outputs()).name
    if given.type not in _TYPES:
        raise InputError(f"black box onnxruntime: input {given.name} is a {given.type}; export the graph for floats")
    # A graph may be made for a fixed number of pictures.
    fixed = given.shape[0] if given.shape and isinstance(given.shape[0], int) else None
    channels = [0, 1, 2] if color == "rgb" else [2, 1, 0]
    axes = (0, 3, 1, 2) if layout == "NCHW" else (0, 1, 2, 3)

    def embed(faces: np.ndarray) -> np.ndarray:
        x = (faces[..., channels] / 255 - np.array(mean)) / np.array(std)
        x = np.ascontiguousarray(x.transpose(axes), _TYPES[given.type])
        if not fixed:
            return session.run([wanted], {given.name: x})[0]
        filled = np.concatenate([x, np.zeros((-len(x) % fixed, *x.shape[1:]), x.dtype)])
        parts = np.split(filled, len(filled) // fixed)
        return np.concatenate([session.run([wanted], {given.name: part})[0] for part in parts])[: len(x)]

    return embed


def _chosen(what: str, name: str, there: list[onnxruntime.NodeArg]) -> onnxruntime.NodeArg:
    """Return the named input or output of a graph, or its only one."""
    found = [each for each in there if name in ("", each.name)]
    if len(found) != 1:
        names = ", ".join(each.name for each in there)
        raise InputError(f"black box onnxruntime: name one of the {what}s {names} as box.{what}")
    return found[0]

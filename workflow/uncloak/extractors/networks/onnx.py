"""Networks in ONNX files, such as insightface's (w600k_r50, w600k_mbf, glintr100), made torch modules by onnx2torch.

onnxruntime only runs forwards; as torch modules they have gradients, and can be surrogates. The file is parsed as data:
nothing in it is run, and files that it names beside itself are not opened.
"""

import base64
import binascii
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import torch
from torch import nn

from uncloak.errors import InputError
from uncloak.files import check_readable, unreadable

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, TensorProto

# Weights are tensors of float32, float16 or float64; shorter ones (bounds, scales) may be part of an operation, and
# stay in the graph with their values.
_FLOATS, _SHORT = (1, 10, 11), 17
# What the onnx library, protobuf and onnx2torch raise for what they do not take; they share no class.
_REFUSED = (ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError, RuntimeError, MemoryError)


def read(path: str | os.PathLike, output: str = "") -> tuple[str, dict[str, torch.Tensor]]:
    """Read the graph without its weights, as base64, and the weights by the names that they have in torch.

    path: of the file; output: as for `build`.
    Raises InputError where the file is damaged or no network from pictures float32 [N,3,H,W] to one row each, keeps
    weights in other files, or has an operation that onnx2torch does not know.
    """
    onnx = _library()
    check_readable(path)
    try:
        model = onnx.load_model_from_string(Path(path).read_bytes())
        _demand_inside(model)
        onnx.checker.check_model(model)
        model = _with_output(onnx, model, output)
        network = _converted(model)
        shape = _picture(model)
        for graph in (model, model.graph):
            graph.ClearField("doc_string")
        _take_weights(model.graph)
        graph = base64.b64encode(model.SerializeToString(deterministic=True)).decode("ascii")
        _demand_same(network, graph, shape)
    except OSError as error:
        raise unreadable(path, error) from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except _errors(onnx) as error:
        raise InputError(f"{path}: damaged, or not ONNX ({_line(error)}); get the file again") from None
    return graph, network.state_dict()


def build(graph: str, output: str = "") -> nn.Module:
    """Build the network of faces float32 [N,3,H,W], normalized as it was trained -> [N,D], untrained.

    Args:
        graph: base64 of the ONNX model, its weights emptied.
        output: which of its outputs is the embedding, by name; to be given where there are several.

    Raises InputError where onnx2torch is missing, or the graph is damaged.
    """
    onnx = _library()
    try:
        model = onnx.load_model_from_string(base64.b64decode(graph, validate=True))
        for tensor in _weights(model.graph):
            width = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
            tensor.raw_data = bytes(_count(tensor) * width)
        return _converted(model)
    except (binascii.Error, *_errors(onnx)) as error:
        reason = error if isinstance(error, InputError) else f"the graph is damaged ({_line(error)}); get it again"
        raise InputError(f"network onnx: {reason}") from None


def _library() -> ModuleType:
    try:
        import onnx
        import onnx2torch  # noqa: F401 - asked for here, used below
    except ImportError as error:
        raise InputError(f"network onnx: the package {error.name} is not installed; install uncloak[onnx]") from None
    return onnx


def _errors(onnx: ModuleType) -> tuple[type[Exception], ...]:
    from google.protobuf.message import DecodeError

    return (*_REFUSED, DecodeError, onnx.checker.ValidationError, onnx.shape_inference.InferenceError)


def _converted(model: "ModelProto") -> nn.Module:
    from onnx2torch import convert

    try:
        return convert(model).eval()
    except NotImplementedError as error:
        unknown = _unknown_operations(model)
        what = f"does not know the operation {', '.join(unknown)}" if unknown else f"does not take it ({_line(error)})"
        raise InputError(f"onnx2torch {what}; export the network otherwise, or take it as a black box") from None


def _unknown_operations(model: "ModelProto") -> list[str]:
    from onnx2torch.node_converters import get_converter

    versions, unknown = {each.domain: each.version for each in model.opset_import}, set()
    for node in model.graph.node:
        try:
            get_converter(node.op_type, versions.get(node.domain, 0), node.domain)
        except NotImplementedError:
            unknown.add(f"'{node.op_type}' (opset {versions.get(node.domain, '?')} of {node.domain or 'ai.onnx'})")
    return sorted(unknown)


def _tensors(graph: "GraphProto") -> Iterator["TensorProto"]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from [*attribute.tensors, *([attribute.t] if attribute.HasField("t") else [])]
            for inner in [*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])]:
                yield from _tensors(inner)


def _count(tensor: "TensorProto") -> int:
    count = 1
    for side in tensor.dims:
        count *= side
    return count


def _demand_inside(model: "ModelProto") -> None:
    for tensor in _tensors(model.graph):
        if tensor.data_location == tensor.EXTERNAL or tensor.external_data:
            raise InputError(f"tensor '{tensor.name}' lies in another file, which is not read; save the model in one")


def _with_output(onnx: ModuleType, model: "ModelProto", output: str) -> "ModelProto":
    """Return the part of the model that leads to one output."""
    outputs, weights = [each.name for each in model.graph.output], {each.name for each in model.graph.initializer}
    if output and output not in outputs:
        raise InputError(f"has no output '{output[:80]}'; it has {', '.join(outputs[:20])}")
    if len(outputs) != 1 and not output:
        raise InputError(f"has the outputs {', '.join(outputs[:20])}; name one with the network's option output")
    inputs = [each.name for each in model.graph.input if each.name not in weights]
    if len(inputs) != 1:
        raise InputError(f"has {len(inputs)} inputs; only networks of one picture are read")
    return onnx.utils.Extractor(model).extract_model(inputs, [output]) if len(outputs) > 1 else model


def _picture(model: "ModelProto") -> tuple[int, int, int]:
    """Return the channels, height and width that go in; 112 where the file leaves a side open."""
    weights = {each.name for each in model.graph.initializer}
    [kind] = [each.type.tensor_type for each in model.graph.input if each.name not in weights]
    sides = [each.dim_value for each in kind.shape.dim]
    if kind.elem_type != 1 or len(sides) != 4 or sides[1] not in (0, 3):
        raise InputError(f"takes {sides} of type {kind.elem_type}, not pictures float32 [N,3,height,width]")
    return 3, sides[2] or 112, sides[3] or 112


def _weights(graph: "GraphProto") -> list["TensorProto"]:
    return [each for each in _tensors(graph) if each.data_type in _FLOATS and _count(each) >= _SHORT]


def _take_weights(graph: "GraphProto") -> None:
    for tensor in _weights(graph):
        for field in ("raw_data", "float_data", "int32_data", "double_data"):
            tensor.ClearField(field)


def _demand_same(network: nn.Module, graph: str, shape: tuple[int, int, int]) -> None:
    """Check that the graph with the weights is the network, so that nothing was taken out that is no weight."""
    again = build(graph).eval()
    again.load_state_dict(network.state_dict(), strict=True)
    pictures = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        try:
            expected, found = network(pictures), again(pictures)
        except _REFUSED as error:
            raise InputError(
                f"does not run on two pictures {list(shape)} at once ({_line(error)}); export it for any number"
            ) from None
    if not isinstance(expected, torch.Tensor) or expected.ndim != 2 or len(expected) != 2:
        raise InputError("gives no row of numbers for each picture; name another output")
    if not torch.equal(found.nan_to_num(), expected.nan_to_num()):
        raise InputError("computes with a constant that onnx2torch does not keep apart; export it otherwise")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__

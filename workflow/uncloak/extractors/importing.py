"""Published weights, brought to our own parameter names."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import torch
from torch import nn

from uncloak.errors import InputError
from uncloak.extractors import networks, published
from uncloak.extractors.extractor import Extractor, build, embedding_of_nothing, network_module
from uncloak.published_files import PublishedFile
from uncloak.records.extractors import Imported, Pixels, architecture


class ImportedExtractor(NamedTuple):
    """An extractor with published weights.

    Attributes:
        extractor: frozen and in evaluation mode.
        record: its network and input, from which and its weights it is rebuilt; a network whose file holds the
            architecture, too, has got it as the option `graph`.
        tower: the text tower that it was trained with (`uncloak.extractors.text_tower.TextTower`), where the file holds
            one that tuning can go on with.
    """

    extractor: Extractor
    record: dict
    tower: nn.Module | None = None


def import_record(record: Imported | Pixels, weights: str | os.PathLike | None = None) -> ImportedExtractor:
    """Build an extractor as its record says.

    weights: file of the published weights of a record with recipe "import". Raises InputError as `import_published`.
    """
    made_of = architecture(record)
    if isinstance(record, Pixels):
        return ImportedExtractor(build(made_of).freeze(), made_of)
    told = record.weights.model_dump()
    extractor, network = import_published(weights, {**made_of, "weights": told})
    return ImportedExtractor(extractor, {**made_of, "network": network}, _text_tower(weights, record))


def _text_tower(path: str | os.PathLike, record: Imported) -> nn.Module | None:
    module = network_module(record.network.name)
    if not hasattr(module, "text_tower"):
        return None
    whole = published.read(path, record.weights.format)
    options = {key: value for key, value in record.network.plain().items() if key != "name"}
    try:
        return module.text_tower(whole, **options)
    except (KeyError, RuntimeError) as error:
        raise _unfit(Path(path), record.network.name, f"text tower: {' '.join(str(error).split())[:200]}") from None


def import_published(
    path: str | os.PathLike,
    record: Mapping,
    build: Callable[[Mapping], Extractor] = build,
    package: ModuleType = networks,
) -> tuple[Extractor, dict]:
    """Build the extractor of `record` with the published weights in the file `path`, frozen and in evaluation mode.

    A module of networks says with `translate(state)` what the published parameters are called in its own network, or
    with `read(path, **options)` gives the architecture that the file holds (text, JSON or base64; the option `graph` of
    its `build`) and its parameters.

    Args:
        path: of the file.
        record: as for `build`; record["weights"]: {origin: where the file is to be had, sha256: its hash in
            hexadecimal or at least the first eight digits of it, format: "torch" (.pth, .pt, .ckpt), "npz",
            "safetensors", "dlib" (.dat) or "keras" (.h5), drop: tensors that the network has no use for}. Without
            sha256 the digits at the end of the file's name count; without format the name tells it.
        build: makes the extractor of a record.
        package: of its network.

    Returns the extractor, and the record of its network: its name and all the options with which it is built.

    Raises InputError where the file is missing, has another hash or none to compare with, cannot be read without
    unpickling objects, or does not hold the weights of the record's network and nothing else, naming the tensor.
    """
    path, weights = Path(path), record.get("weights", {})
    file = PublishedFile.of({**weights, "file": path.name})
    published.check(path, file.digits, file.advice)
    name, drop = record["network"]["name"], weights.get("drop", ())
    module = network_module(name, package)
    if hasattr(module, "read"):
        if drop:
            raise InputError(f"network {name}: reads its whole file; remove weights.drop")
        options = {key: value for key, value in record["network"].items() if key != "name"}
        graph, state = module.read(path, **options)
        published.check_numbers(path, state)
        record = {**record, "network": {**record["network"], "graph": graph}}
    elif hasattr(module, "translate"):
        state = published.read(path, weights.get("format") or _format(path), drop)
    else:
        raise InputError(f"network {name}: has no published weights to import; train it")
    extractor = build(record)
    try:
        state = module.translate(state) if hasattr(module, "translate") else state
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise _unfit(path, name, f"at {' '.join(str(error).split())[:200]}") from None
    state = _with_counters(state, extractor.network)
    if reason := _misfit(state, extractor.network.state_dict()):
        raise _unfit(path, name, reason)
    extractor.network.load_state_dict(state, strict=True)
    embedding_of_nothing(extractor.freeze(), f"network {name}")
    return extractor, dict(record["network"])


def _with_counters(state: Mapping[str, torch.Tensor], network: nn.Module) -> dict[str, torch.Tensor]:
    """Batch norms of old PyTorch did not count their batches, which only training looks at."""
    own = network.state_dict()
    return {**{name: own[name] for name in own if name.endswith("num_batches_tracked")}, **state}


def _misfit(state: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor]) -> str:
    """Return what is wrong with parameters for a network whose own are these, or nothing."""
    missing, extra = own.keys() - state.keys(), state.keys() - own.keys()
    if missing:
        return f"tensor '{min(missing)}' is missing" + (f", '{min(extra)}' is extra" if extra else "")
    if extra:
        return f"tensor '{min(extra)}' is extra: a head or a tower without use is named in weights.drop"
    for name, value in state.items():
        if value.shape != own[name].shape:
            return f"tensor '{name}' has shape {list(value.shape)}, not {list(own[name].shape)}"
        if value.is_floating_point() != own[name].is_floating_point():
            return f"tensor '{name}' is of dtype {value.dtype}, not {own[name].dtype}"
    return ""


def _unfit(path: Path, name: str, reason: str) -> InputError:
    return InputError(
        f"{path}: does not hold the weights of network {name} ({reason}); name the file or the network that fits"
    )


def _format(path: Path) -> str:
    return {".safetensors": "safetensors", ".npz": "npz"}.get(path.suffix, "torch")

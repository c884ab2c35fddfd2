"""Published weights, brought to our own parameter names."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from uncloak.errors import InputError
from uncloak.extractors import networks, published
from uncloak.extractors.extractor import Extractor, build, network_module
from uncloak.records.extractors import Imported, Pixels, architecture

# torchvision and timm write the first digits of a file's sha256 into its name.
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.\w+$")


class Published(NamedTuple):
    """An extractor with published weights.

    Attributes:
        extractor: frozen and in evaluation mode.
        record: its network and input, from which and its weights it is rebuilt; a network whose file holds the
            architecture, too, has got it as the option `graph`.
        source: where its weights are from, in words.
    """

    extractor: Extractor
    record: dict
    source: str


def import_record(record: Imported | Pixels, weights: str | os.PathLike | None = None) -> Published:
    """Build an extractor as its record says.

    weights: file of the published weights of a record with recipe "import". Raises InputError as `import_published`.
    """
    made_of = architecture(record)
    if isinstance(record, Pixels):
        return Published(build(made_of).freeze(), made_of, "no weights")
    told = record.weights.model_dump()
    extractor, network = import_published(weights, {**made_of, "weights": told})
    return Published(extractor, {**made_of, "network": network}, record.weights.origin)


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
            hexadecimal or at least the first eight digits of it, format: "torch" (.pth, .pt, .ckpt), "npz" or
            "safetensors"}. Without sha256 the digits at the end of the file's name count; without format the name tells
            safetensors from torch.
        build: makes the extractor of a record.
        package: of its network.

    Returns the extractor, and the record of its network: its name and all the options with which it is built.

    Raises InputError where the file is missing, has another hash or none to compare with, cannot be read without
    unpickling objects, or does not hold the weights of the record's network.
    """
    path, weights = Path(path), record.get("weights", {})
    in_name = _HASH_IN_NAME.search(path.name)
    sha256 = weights.get("sha256") or (in_name[1] if in_name else "")
    published.check(path, sha256, f"get it from: {weights.get('origin', 'see resources/README.md')}")
    name = record["network"]["name"]
    module = network_module(name, package)
    if hasattr(module, "read"):
        options = {key: value for key, value in record["network"].items() if key != "name"}
        graph, state = module.read(path, **options)
        record = {**record, "network": {**record["network"], "graph": graph}}
    elif hasattr(module, "translate"):
        state = published.read(path, weights.get("format") or _format(path))
    else:
        raise InputError(f"network {name}: has no published weights to import; train it")
    extractor = build(record)
    try:
        state = module.translate(state) if hasattr(module, "translate") else state
        extractor.network.load_state_dict(state, strict=True)
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path}: does not hold the weights of network {name} ({reason}); name the file or the network that fits"
        ) from None
    return extractor.freeze(), dict(record["network"])


def _format(path: Path) -> str:
    return "safetensors" if path.suffix == ".safetensors" else "torch"

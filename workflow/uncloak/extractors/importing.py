"""Published weights, brought to our own parameter names."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

from uncloak.errors import InputError
from uncloak.extractors import networks, published
from uncloak.extractors.extractor import Extractor, build, network_module
from uncloak.records.extractors import Imported, Pixels, architecture

# torchvision and timm write the first digits of a file's sha256 into its name.
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.\w+$")


def import_record(record: Imported | Pixels, weights: str | os.PathLike | None = None) -> tuple[Extractor, str]:
    """Build an extractor as its record says, frozen and in evaluation mode, and say where its weights are from.

    weights: file of the published weights of a record with recipe "import". Raises InputError as `import_published`.
    """
    if isinstance(record, Pixels):
        return build(architecture(record)).freeze(), "no weights"
    origin = {"weights": record.weights.model_dump()}
    return import_published(weights, {**architecture(record), **origin}), record.weights.origin


def import_published(
    path: str | os.PathLike,
    record: Mapping,
    build: Callable[[Mapping], Extractor] = build,
    package: ModuleType = networks,
) -> Extractor:
    """Build the extractor of `record` with the published weights in the file `path`, frozen and in evaluation mode.

    Args:
        path: of the file.
        record: as for `build`; record["weights"]: {origin: where the file is to be had, sha256: its hash in
            hexadecimal or at least the first eight digits of it, format: "torch" (.pth, .pt, .ckpt), "npz" or
            "safetensors"}. Without sha256 the digits at the end of the file's name count; without format the name tells
            safetensors from torch.
        build: makes the extractor of a record.
        package: of its network.

    Raises InputError where the file is missing, has another hash or none to compare with, cannot be read without
    unpickling objects, or does not hold the weights of the record's network.
    """
    path, weights = Path(path), record.get("weights", {})
    in_name = _HASH_IN_NAME.search(path.name)
    sha256 = weights.get("sha256") or (in_name[1] if in_name else "")
    published.check(path, sha256, f"get it from: {weights.get('origin', 'see resources/README.md')}")
    extractor, name = build(record), record["network"]["name"]
    translate = getattr(network_module(name, package), "translate", None)
    if translate is None:
        raise InputError(f"network {name}: has no published weights to import; train it")
    state = published.read(path, weights.get("format") or ("safetensors" if path.suffix == ".safetensors" else "torch"))
    try:
        extractor.network.load_state_dict(translate(state), strict=True)
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path}: does not hold the weights of network {name} ({reason}); name the file or the network that fits"
        ) from None
    return extractor.freeze()

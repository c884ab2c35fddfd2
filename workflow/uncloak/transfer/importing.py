"""Published classifiers."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from uncloak.errors import InputError
from uncloak.extractors import published
from uncloak.transfer.classifier import Classifier, build

# torchvision and timm write the first digits of a file's sha256 into its name.
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.\w+$")


def import_published(source_path: str | os.PathLike, record: Mapping) -> Classifier:
    """Build the classifier of `record` with the published weights in `source_path`, frozen.

    record: as for `classifier.build`; record["source"]: {origin: where the file is to be had, sha256: its hash or at
    least the first eight digits of it}. Without sha256 the digits at the end of the file's name count. Files ending in
    .safetensors are read as such, all others as PyTorch's files of plain weights.

    Raises InputError where the file is missing, has another hash, has none to compare with, cannot be read without
    unpickling objects, or does not hold the weights of the record's network.
    """
    path, source = Path(source_path), record.get("source", {})
    in_name = _HASH_IN_NAME.search(path.name)
    sha256 = str(source.get("sha256") or (in_name and in_name[1]) or "")
    published.check(path, sha256, f"get it from: {source.get('origin', 'see resources/README.md')}")
    classifier = build(record)
    state = published.read(path, "safetensors" if path.suffix == ".safetensors" else "torch")
    try:
        classifier.network.load_state_dict(state, strict=True)
    except (TypeError, AttributeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: does not hold the weights of {dict(record['network'])} ({reason})") from None
    return classifier.freeze()

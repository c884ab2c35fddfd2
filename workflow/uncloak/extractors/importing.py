"""Published extractors: their weights, brought to our own parameter names."""

import os
from collections.abc import Mapping

from uncloak.errors import InputError
from uncloak.extractors import published
from uncloak.extractors.extractor import Extractor, build, network_module


def import_published(source_path: str | os.PathLike, sha256: str, format: str, record: Mapping) -> Extractor:
    """Build the extractor of `record` with the published weights in `source_path`, frozen and in evaluation mode.

    sha256: expected hash of the file, in hexadecimal; format: "torch" (.ckpt, .pt) or "npz"; record: as for
    `extractor.build`, and record["source"]["origin"] says where the file is to be had.
    Raises InputError where the file is missing, has another hash, cannot be read without unpickling objects, or does
    not hold the weights of the record's network.
    """
    origin = record.get("source", {}).get("origin", "see resources/README.md")
    published.check(source_path, sha256, f"get it from: {origin}")
    extractor = build(record)
    name = record["network"]["name"]
    translate = getattr(network_module(name), "translate", None)
    if translate is None:
        raise InputError(f"network {name}: has no published weights to import; train it")
    state = published.read(source_path, format)
    try:
        extractor.network.load_state_dict(translate(state), strict=True)
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{source_path}: does not hold the weights of network {name} ({reason})") from None
    return extractor.freeze()

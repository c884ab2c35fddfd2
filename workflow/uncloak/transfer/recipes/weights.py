"""Published weights, of networks that tell ImageNet's classes apart."""

import os
from collections.abc import Mapping

from uncloak.extractors.extractor import Extractor
from uncloak.extractors.importing import import_published
from uncloak.transfer import networks
from uncloak.transfer.image_classifier import build

CLASSES = 1000


def make(record: Mapping, file: str | os.PathLike, seed: int, name: str) -> tuple[Extractor, int, dict]:
    """Import the weights in `file`, as `uncloak.extractors.importing.import_published` does; nothing is random."""
    classifier, _ = import_published(file, {**record, "classes": CLASSES}, build, networks)
    return classifier, CLASSES, {}

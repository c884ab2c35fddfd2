"""What are the pictures? Raw photographs with their landmarks, and the aligned faces."""

from uncloak import paths
from uncloak.plan import brought

TITLE = "What the pictures are"
CATEGORY = "Pictures"
HOOKS = ()  # it is of pictures, whoever looks at them


def drawn_from(asked):
    names = {"manifest": paths.MANIFEST, "faces": paths.FACES}
    return {name: [paths.fill(path, dataset=asked.dataset)] for name, path in names.items()}


def shown(asked):
    """The folder that the manifest's paths are relative to; nobody attacks or looks yet."""
    return {"root": brought.dataset_folder(asked.config, asked.dataset), "attacks": {}, "extractors": []}

"""Configurations as a run has them: the default with overlays merged over it, checked and filled."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from uncloak.configuration import load, merged, read
from uncloak.records.files import read_yaml

ROOT = Path(__file__).resolve().parents[2]


def configuration(*overlays: str | Mapping) -> dict:
    """Return the default configuration with `overlays` merged over it: files below the checkout, or what they say."""
    config = _default()
    for overlay in overlays:
        config = merged(config, read_yaml(ROOT / overlay) if isinstance(overlay, str) else overlay)
    return read(config).as_mapping()


@cache
def _default() -> dict:
    return load(ROOT)

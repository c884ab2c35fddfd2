"""Configurations as a run has them: the default with overlays merged over it, checked and filled."""

import copy
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from uncloak.configuration import check, fill

ROOT = Path(__file__).resolve().parents[1]


def configuration(*overlays: str | Mapping) -> dict:
    """Return the default configuration with `overlays` merged over it: files below the checkout, or what they say."""
    config = copy.deepcopy(_default())
    for overlay in overlays:
        config = _merged(config, yaml.safe_load((ROOT / overlay).read_text()) if isinstance(overlay, str) else overlay)
    check(config, ROOT / "workflow" / "schemas" / "config.schema.yaml")
    fill(config)
    return config


@cache
def _default() -> dict:
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def _merged(base: Mapping, overlay: Mapping) -> dict:
    """Merge as Snakemake merges configuration files."""
    both = {key for key, value in overlay.items() if isinstance(value, Mapping) and isinstance(base.get(key), Mapping)}
    return {**base, **overlay, **{key: _merged(base[key], overlay[key]) for key in both}}

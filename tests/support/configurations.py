"""Configurations as a run has them: the default with overlays merged over it, checked, filled and planned."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from uncloak.configuration import load, merged, read
from uncloak.plan import claims, experiments, targets
from uncloak.provenance import as_text
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


def plan(config: dict) -> None:
    """Ask all that the rules ask of experiments, which is all that differs with their records."""
    assert targets.everything(config)
    for name in experiments.names(config):
        measured, drawn = (name in experiments.by_part(config, part) for part in ("measure", "figure"))
        for asked in experiments.made(config, name):
            names = (config, name, asked.dataset)
            if measured:
                assert all(experiments.files(*names).values())
                as_text(experiments.told(*names))
                as_text(experiments.labels(*names))
                assert experiments.measuring(*names)
            if drawn and asked.record["method"] != claims.METHOD:
                assert all(experiments.drawn_from(*names).values())
                as_text(experiments.words(*names))
                assert experiments.caption(*names)
    if claims.asked(config):
        as_text(claims.words(config))
        assert claims.caption(config)


def places(tree: object, place: tuple = ()) -> Iterator[tuple]:
    """Return the place of every value of a configuration."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield (*place, key)
        yield from places(value, (*place, key))


def at(tree: object, place: tuple) -> object:
    """Return what stands at a place."""
    for key in place:
        tree = tree[key]
    return tree

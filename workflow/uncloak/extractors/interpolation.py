"""An extractor between another one and what it was tuned to: their weights, interpolated (Wortsman et al. 2021).

Tuning CLIP to faces costs it most of its robustness; between the weights before and after there is a model that is both
accurate and robust (Radiya-Dixit et al. 2022, appendix B.3).
"""

import os
from collections.abc import Mapping
from typing import NamedTuple

import torch

from uncloak.errors import InputError
from uncloak.extractors.extractor import Extractor
from uncloak.extractors.text_tower import TextTower, read_tower
from uncloak.extractors.weights import load, read_metadata


class Interpolated(NamedTuple):
    """An extractor with interpolated weights.

    Attributes:
        extractor: frozen, on the CPU.
        record: its network and input, those of both ends.
        source: what it was made from, in words.
        tower: the text tower, interpolated too; None where not both ends have the same.
    """

    extractor: Extractor
    record: dict
    source: str
    tower: TextTower | None


def interpolate(start: str | os.PathLike, end: str | os.PathLike, alpha: float) -> Interpolated:
    """Make the extractor whose weights are (1 - alpha) * start + alpha * end, from the files of both.

    All that is a floating number is computed in float32, the statistics of normalizations too; counters are the end's.

    Raises InputError where a file cannot be read, or the two have not the same architecture.
    """
    record, other = read_metadata(start)["record"], read_metadata(end)["record"]
    if different := [part for part in ("network", "input") if record[part] != other[part]]:
        raise InputError(
            f"{start} and {end}: have another {different[0]} each; take two of which one is tuned from the other"
        )
    extractor, tuned = load(start), load(end)
    extractor.network.load_state_dict(_between(extractor.network.state_dict(), tuned.network.state_dict(), alpha))
    tower, other_tower = read_tower(start), read_tower(end)
    if tower and other_tower and tower.options == other_tower.options:
        tower.load_state_dict(_between(tower.state_dict(), other_tower.state_dict(), alpha))
    else:
        tower = None
    return Interpolated(extractor.freeze(), record, f"{1 - alpha:.6g} of {start} and {alpha:.6g} of {end}", tower)


def _between(
    start: Mapping[str, torch.Tensor], end: Mapping[str, torch.Tensor], alpha: float
) -> dict[str, torch.Tensor]:
    return {
        name: ((1 - alpha) * start[name].float() + alpha * value.float()).to(value.dtype)
        if value.is_floating_point()
        else value
        for name, value in end.items()
    }

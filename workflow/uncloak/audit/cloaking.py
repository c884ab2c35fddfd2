"""Cloaked faces made by an attack of ours, of the photographs that are posted."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from uncloak.attacks.perturb import perturb_record
from uncloak.audit.detecting import NO_CHANNEL
from uncloak.audit.listing import CLEAN
from uncloak.audit.parts import COLUMNS, GALLERY, POSTED
from uncloak.audit.pictures import Audited
from uncloak.pictures.channel import Channel
from uncloak.records.attacks import Method
from uncloak.visibility.pictures import measure


def add_cloak(
    audited: Audited,
    name: str,
    record: Method,
    surrogates: Sequence[Callable[[torch.Tensor], torch.Tensor]],
    channels: Mapping[str, Channel],
    seed: int,
    **how: object,
) -> Audited:
    """Add the faces of the clean photographs that are posted, as the attack `name` makes them.

    record: of the attack; surrogates, seed and `how`: as for `uncloak.attacks.perturb.perturb_record`.
    Channels take the face alone here, since there is no photograph.
    """
    table, arrays = audited.table, audited.arrays
    posted = table[(table["folder"] == CLEAN) & (table["part"] == GALLERY)]
    rows = [
        np.flatnonzero((arrays["folder"] == CLEAN) & (arrays["file"] == file) & (arrays["channel"] == NO_CHANNEL))[0]
        for file in posted["file"]
    ]
    made = perturb_record(record, arrays["faces"][rows], posted["file"].tolist(), surrogates, seed, **how)
    shown = measure(made.clean, made.faces)
    own = posted.assign(
        folder=name, part=POSTED, cloak=name, reason="", dssim=shown["dssim"], largest_change=shown["linf"]
    )
    faces = [made.faces, *(np.stack([each.transmit(face) for face in made.faces]) for each in channels.values())]
    count, kinds = len(rows), (NO_CHANNEL, *channels)
    added = {
        "faces": np.concatenate(faces),
        "folder": np.full(count * len(kinds), name),
        "file": np.tile(posted["file"].to_numpy(str), len(kinds)),
        "channel": np.repeat(kinds, count),
        "digest": np.full(count * len(kinds), ""),
    }
    whole = {key: np.concatenate([values, added[key]]) for key, values in arrays.items()}
    return Audited(pd.concat([table, own[COLUMNS]], ignore_index=True), whole)

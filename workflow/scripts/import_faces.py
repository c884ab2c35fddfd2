"""Import the faces that somebody else perturbed."""

from pathlib import Path

from uncloak.jobs import started

import numpy as np
import pandas as pd

from uncloak.attacks.merging import merge_back
from uncloak.attacks.preparation import prepare, untouched
from uncloak.exchange.external import pair_record, read_faces, reported
from uncloak.pictures import stored
from uncloak.records.attacks import External
from uncloak.records.reading import read
from uncloak.store import read_arrays, write_arrays
from uncloak.tables import write_table
from uncloak.visibility.pictures import measure

with started(snakemake) as job:
    record, pictures = read(External, job.params.record), stored.posted_pictures(job.input.split)
    whole = stored.read_faces(job.input.faces, pictures)
    prepared, clean = (does(whole, record.preparation) for does in (prepare, untouched))
    pairing = pair_record(record, job.input.root, pictures, *read_arrays(job.input.faces, "picture"))
    with reported(Path(job.log[0]).with_suffix(".csv")):  # beside the log, which outlives a failed job
        faces = read_faces(pairing, prepared.shape[1])
    rows = pd.Index(pictures)
    shown, own = rows.get_indexer(pairing.shown(pictures)), rows.get_indexer(list(pairing.paths))
    posted = clean.copy()
    posted[own] = merge_back(whole[own], prepared[own], faces, record.preparation)
    arrays = {"faces": posted[shown], "picture": pictures, **measure(clean[shown], posted[shown])}
    if pairing.instead:
        arrays |= {stored.SHOWN: pictures[shown], stored.MISSING: np.array(pairing.told_missing(pictures))}
    write_arrays(job.output.faces, arrays, job.made(margin=stored.read_margin(job.input.faces)))
    write_table(pairing.report(), job.output.files)

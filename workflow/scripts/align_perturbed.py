"""Find and align the faces of perturbed photographs, as the trainer does who scrapes them."""

import json
import os
from pathlib import Path

from uncloak.jobs import started

import pandas as pd

from uncloak.pictures.channel import parse
from uncloak.pictures.scraped import align_scraped
from uncloak.pictures.stored import MISSING, SHOWN
from uncloak.records.datasets import Alignment
from uncloak.records.reading import read
from uncloak.store import read_arrays, write_arrays
from uncloak.tables import read_table
from uncloak.visibility.pictures import MEASURES

with started(snakemake) as job:
    record, root, output = json.loads(job.params.record), Path(job.input.root), Path(job.output[0])
    table = read_table(job.input.table, "picture", "path", *MEASURES)
    known = read_arrays(job.input.faces, "picture", "landmarks")
    if SHOWN in table:  # what is known of a photograph is known of where it is posted in place of another
        rows = pd.Index(known[0]).get_indexer(table[SHOWN])
        known = table["picture"].to_numpy(str), known[1][rows]
    how = {"scratch": output.parent, "workers": min(job.threads, os.cpu_count() or 1)}
    alignment, channel = read(Alignment, record.pop("alignment")), parse(json.loads(job.params.channel))
    arrays, aligned_by = align_scraped(table, root, alignment, record, channel, known, job.params.landmarks, **how)
    shown = table.set_index("picture").loc[arrays["picture"], list(MEASURES)]
    settings = root / "settings.json"
    made = {"settings": settings.read_text()} if settings.exists() else {}
    made = job.made(channel=job.params.channel, **aligned_by, **made)
    for name in table.columns.intersection([SHOWN, MISSING]):
        arrays[name] = table.set_index("picture").loc[arrays["picture"], name].to_numpy(str)
    write_arrays(output, {**arrays, **{name: shown[name].to_numpy(float) for name in shown}}, made)

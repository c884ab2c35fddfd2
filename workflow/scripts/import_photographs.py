"""List and check the photographs that somebody else perturbed."""

import os
from pathlib import Path

from uncloak.jobs import started

import pandas as pd

from uncloak.exchange.external import check_photographs, pair_record, reported
from uncloak.pictures.manifest import files_of, read_manifest
from uncloak.pictures.stored import MISSING, SHOWN, posted_pictures
from uncloak.records.attacks import External
from uncloak.records.reading import read
from uncloak.tables import write_table
from uncloak.visibility.photographs import measure_files

with started(snakemake) as job:
    root, manifest = Path(job.input.root), read_manifest(job.input.manifest)
    posted = posted_pictures(job.input.split)
    pairing = pair_record(read(External, job.params.record), root, posted, manifest["picture"])
    with reported(Path(job.log[0]).with_suffix(".csv")):  # beside the log, which outlives a failed job
        check_photographs(pairing, manifest)
    pictures = sorted([*pairing.paths, *pairing.instead])
    shown = pairing.shown(pictures)
    originals = files_of(manifest, job.input.originals, shown)
    files = [pairing.paths.get(each, original) for each, original in zip(shown, originals, strict=True)]
    # Through links, as a path that leads up out of the folder is read.
    places = [
        path.relative_to(root).as_posix()
        if path.is_relative_to(root)
        else os.path.relpath(path.resolve(), root.resolve())
        for path in files
    ]
    table = pd.DataFrame({"picture": pictures, "path": places})
    if pairing.instead:
        table[SHOWN], table[MISSING] = shown, pairing.told_missing(pictures)
    table = table.assign(**measure_files(zip(originals, files, strict=True)))
    write_table(table, job.output.table)
    write_table(pairing.report(), job.output.files)

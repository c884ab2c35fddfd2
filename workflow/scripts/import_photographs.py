"""List and check the photographs that somebody else perturbed."""

from pathlib import Path

from uncloak.jobs import started

import pandas as pd

from uncloak.exchange.external import check_photographs, pair_record, reported
from uncloak.pictures.manifest import files_of, read_manifest
from uncloak.pictures.stored import posted_pictures
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
    pictures, files = list(pairing.paths), list(pairing.paths.values())
    table = pd.DataFrame({"picture": pictures, "path": [path.relative_to(root).as_posix() for path in files]})
    shown = measure_files(zip(files_of(manifest, job.input.originals, pictures), files, strict=True))
    write_table(table.assign(**shown), job.output.table)
    write_table(pairing.report(), job.output.files)

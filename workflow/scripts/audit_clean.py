"""Remove all that an audit has made of a person's photographs."""

import shutil
from pathlib import Path

from uncloak.jobs import started

from uncloak import paths

with started(snakemake) as job:
    folder = Path(paths.fill(paths.AUDIT, audit=job.params.name))
    print(f"{folder}: removed" if folder.exists() else f"{folder}: there is no such audit")
    shutil.rmtree(folder, ignore_errors=True)

"""Draw users and probes anew; faces and manifest are links to those of the first split."""

import json
import os
from pathlib import Path

from uncloak.jobs import started

from uncloak.pictures.split import read_split, split_anew, write_split

with started(snakemake) as job:
    record = json.loads(job.params.record)
    first = read_split(job.input.split)
    table = split_anew(
        first,
        seed=job.params.seed,
        gallery_share=record["gallery"],
        minimum_user_pictures=record["user_minimum_pictures"],
        named="users" in record,
    )
    write_split(table, job.output.split)
    for name in ("faces", "manifest"):
        link = Path(job.output[name])
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(job.input[name], link.parent))

"""Find the face in every picture and align it."""

import json

from uncloak.jobs import started

import pandas as pd

from uncloak.pictures.faces import align_pictures
from uncloak.pictures.landmarks import LANDMARK_COLUMNS
from uncloak.pictures.manifest import read_manifest
from uncloak.pictures.rejected import read_rejected, write_rejected
from uncloak.tables import read_table

with started(snakemake) as job:
    record, duplicates = json.loads(job.params.record), json.loads(job.params.duplicates)
    alignment, landmarks = record.pop("alignment"), job.input.get("landmarks")
    unaligned = align_pictures(
        read_manifest(job.input.manifest),
        job.input.root,
        job.output.faces,
        **record,
        **alignment,
        **duplicates,
        landmarks=read_table(landmarks, "picture", *LANDMARK_COLUMNS) if landmarks else None,
        made=job.made(),
        workers=job.threads,
    )
    rejected = pd.concat([read_rejected(job.input.rejected), unaligned]).sort_values("path")
    write_rejected(rejected, job.output.rejected)

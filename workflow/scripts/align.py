"""Find the face in every picture and align it."""

import json

from uncloak.jobs import logged

import pandas as pd

from uncloak.pictures.faces import align_pictures
from uncloak.pictures.manifest import read_manifest
from uncloak.pictures.rejected import read_rejected, write_rejected
from uncloak.provenance import digest
from uncloak.tables import read_table

with logged(snakemake.log[0]):
    spec = json.loads(snakemake.params.spec)
    landmarks = snakemake.input.get("landmarks")
    unaligned = align_pictures(
        read_manifest(snakemake.input.manifest),
        snakemake.input.root,
        snakemake.output.faces,
        face_size=spec["face_size"],
        **spec["alignment"],
        landmarks=read_table(landmarks) if landmarks else None,
        recipe=digest(snakemake.params.spec + snakemake.params.code),
        workers=snakemake.threads,
    )
    rejected = pd.concat([read_rejected(snakemake.input.rejected), unaligned]).sort_values("path")
    write_rejected(rejected, snakemake.output.rejected)

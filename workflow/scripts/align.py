"""Find the face in every picture and align it."""

import json

import pandas as pd

from uncloak.jobs import logged
from uncloak.pictures.faces import align_pictures
from uncloak.provenance import digest
from uncloak.store import atomic

with logged(snakemake.log[0]):
    spec = json.loads(snakemake.params.spec)
    landmarks = snakemake.input.get("landmarks")
    unaligned = align_pictures(
        pd.read_csv(snakemake.input.manifest),
        snakemake.input.root,
        snakemake.output.faces,
        face_size=spec["face_size"],
        **spec["alignment"],
        landmarks=pd.read_csv(landmarks) if landmarks else None,
        recipe=digest(snakemake.params.spec + snakemake.params.code),
        workers=snakemake.threads,
    )
    rejected = pd.concat([pd.read_csv(snakemake.input.rejected, dtype=str), unaligned]).sort_values("path")
    with atomic(snakemake.output.rejected) as path:
        rejected.to_csv(path, index=False)

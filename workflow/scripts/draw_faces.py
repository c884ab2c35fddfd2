"""Draw aligned faces of background or public identities, with captions."""

import json

from uncloak.jobs import logged

import pandas as pd

from uncloak.pictures.drawing import draw_faces, picture_names
from uncloak.provenance import digest
from uncloak.store import write_arrays
from uncloak.tables import write_table

with logged(snakemake.log[0]):
    spec = json.loads(snakemake.params.spec)
    pictures = picture_names(spec["people"], spec["pictures"])
    faces, captions = draw_faces(
        world=snakemake.wildcards.dataset,
        seed=snakemake.params.seed,
        pictures=pictures,
        size=spec["face_size"],
        jitter=spec["jitter"],
        workers=snakemake.threads,
    )
    write_arrays(
        snakemake.output.faces,
        {"faces": faces, "picture": pictures, "caption": captions},
        {"recipe": digest(snakemake.params.spec + snakemake.params.code), "seed": snakemake.params.seed},
    )
    identities = [picture.split("/")[0] for picture in pictures]
    role = spec.get("role", "background")
    table = pd.DataFrame({"picture": pictures, "identity": identities, "part": "none", "role": role})
    write_table(table, snakemake.output.split)

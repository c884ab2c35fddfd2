"""Draw aligned faces of background or public identities, with captions."""

import json

from uncloak.jobs import logged

from uncloak.drawn.drawing import draw_faces, picture_names
from uncloak.pictures.split import BACKGROUND, split_of_one_role, write_split
from uncloak.provenance import digest
from uncloak.store import write_arrays

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
    write_split(split_of_one_role(pictures, spec.get("role", BACKGROUND)), snakemake.output.split)

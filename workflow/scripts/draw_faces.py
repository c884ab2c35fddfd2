"""Draw aligned faces of background or public identities, with captions."""

import json
from pathlib import Path

from uncloak.jobs import started

from uncloak.drawn.drawing import draw_faces, picture_names
from uncloak.pictures.split import BACKGROUND, split_of_one_role, write_split
from uncloak.store import write_arrays

with started(snakemake) as job:
    record = json.loads(job.params.record)
    pictures, margin = picture_names(record["people"], record["pictures"]), record.get("margin", 0)
    faces, captions = draw_faces(
        world=job.wildcards.dataset,
        seed=job.params.seed,
        pictures=pictures,
        size=record["face_size"],
        jitter=record["jitter"],
        workers=job.threads,
        margin=margin,
        folder=Path(job.output.faces).parent,
    )
    arrays = {"faces": faces, "picture": pictures, "caption": captions}
    write_arrays(job.output.faces, arrays, job.made(margin=margin))
    write_split(split_of_one_role(pictures, record.get("role", BACKGROUND)), job.output.split)

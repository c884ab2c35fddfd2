"""Put a mixture's faces together from those of its attacks."""

import json

from uncloak.jobs import logged

import numpy as np

from uncloak.attacks.mixture import assign
from uncloak.errors import InputError
from uncloak.pictures.stored import posted_pictures, read_faces
from uncloak.provenance import digest
from uncloak.store import write_arrays

with logged(snakemake.log[0]):
    shares, seed = json.loads(snakemake.params.shares), snakemake.params.seed
    posted = posted_pictures(snakemake.input.split)
    assigned = assign(posted, shares, seed)
    parts = {
        attack: read_faces(path, posted[assigned == attack])
        for attack, path in zip(sorted(shares), snakemake.input.parts, strict=True)
    }
    if len({faces.shape[1] for faces in parts.values()}) > 1:
        sizes = ", ".join(f"{attack} {faces.shape[1]} pixels" for attack, faces in parts.items())
        raise InputError(f"mixture: its attacks' faces differ in size ({sizes}); export each attack by itself")
    faces = np.empty((len(posted), *next(iter(parts.values())).shape[1:]), np.uint8)
    for attack, own in parts.items():
        faces[assigned == attack] = own
    write_arrays(
        snakemake.output[0],
        {"faces": faces, "picture": posted, "attack": assigned},
        {
            "recipe": digest(snakemake.params.code + snakemake.params.shares),
            "spec": snakemake.params.shares,
            "seed": seed,
        },
    )

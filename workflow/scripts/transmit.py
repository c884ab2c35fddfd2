"""Send the users' posted faces through a channel."""

import json

from uncloak.jobs import logged

import numpy as np

from uncloak.pictures.channel import parse
from uncloak.pictures.stored import posted_pictures, read_faces
from uncloak.provenance import digest
from uncloak.store import write_arrays

with logged(snakemake.log[0]):
    channel = parse(json.loads(snakemake.params.spec))
    pictures = posted_pictures(snakemake.input.split)
    faces = read_faces(snakemake.input.get("perturbed") or snakemake.input.faces, pictures)
    write_arrays(
        snakemake.output[0],
        {"faces": np.stack([channel.transmit(face) for face in faces]), "picture": pictures},
        {"recipe": digest(snakemake.params.code + snakemake.params.spec), "channel": snakemake.params.spec},
    )

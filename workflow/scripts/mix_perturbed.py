"""Put a mixture's faces together from those of its attacks."""

import json

from uncloak.jobs import started

from uncloak.attacks.mixture import mix
from uncloak.pictures.stored import posted_pictures, read_faces, read_margin
from uncloak.store import write_arrays

with started(snakemake) as job:
    shares, pictures = json.loads(job.params.record), posted_pictures(job.input.split)
    files = dict(zip(sorted(shares), job.input.parts, strict=True))
    faces, attack = mix(pictures, shares, job.seed, lambda attack, own: read_faces(files[attack], own))
    arrays = {"faces": faces, "picture": pictures, "attack": attack}
    write_arrays(job.output[0], arrays, job.made(margin=read_margin(job.input.parts[0])))

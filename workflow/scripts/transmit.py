"""Send the users' posted faces through a channel."""

import json

from uncloak.jobs import started

import numpy as np

from uncloak.pictures.channel import parse
from uncloak.pictures.stored import posted_pictures, read_faces, read_margin
from uncloak.store import write_arrays

with started(snakemake) as job:
    channel = parse(json.loads(job.params.record))
    pictures = posted_pictures(job.input.split)
    posted = job.input.get("perturbed") or job.input.faces
    faces = read_faces(posted, pictures)
    scraped = np.stack([channel.transmit(face) for face in faces])
    write_arrays(job.output[0], {"faces": scraped, "picture": pictures}, job.made(margin=read_margin(posted)))

"""Send the users' posted faces through a channel."""

import json

from uncloak.jobs import started

import numpy as np

from uncloak.pictures.channel import parse
from uncloak.pictures.stored import posted_pictures, read_margin, rows_of
from uncloak.pictures.views import Made, Stored
from uncloak.store import write_arrays

with started(snakemake) as job:
    channel = parse(json.loads(job.params.record))
    pictures = posted_pictures(job.input.split)
    posted = job.input.get("perturbed") or job.input.faces
    faces = Stored(posted, rows_of(posted, pictures))
    scraped = Made(lambda faces: np.stack([channel.transmit(face) for face in faces]), faces)
    write_arrays(job.output[0], {"faces": scraped, "picture": pictures}, job.made(margin=read_margin(posted)))

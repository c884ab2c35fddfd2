"""Find the faces of other people, among whom a person is looked for."""

import json

from uncloak.jobs import started

from uncloak.audit.crowd import crowd_faces
from uncloak.audit.detecting import Crop
from uncloak.store import write_arrays

with started(snakemake) as job:
    told = json.loads(job.params.told)
    crop = Crop(**told["crop"])
    how = {"people": told["people"], "pictures": told["pictures"], "seed": job.seed, "workers": job.threads}
    write_arrays(job.output[0], crowd_faces(told["root"], crop, **how), job.made(margin=crop.margin))

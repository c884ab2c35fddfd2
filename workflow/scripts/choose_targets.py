"""Choose the target picture of each picture to be perturbed, the users' or others', for a targeted attack."""

import json

from uncloak.computing import computing

import pandas as pd

from uncloak.attacks.targets import Offered, choose_targets, offered_pictures
from uncloak.extractors.weights import load
from uncloak.pictures.split import read_split
from uncloak.pictures.stored import pictures_to_perturb, read_margin, rows_of
from uncloak.pictures.views import Stored
from uncloak.records.attacks import Farthest, Targets
from uncloak.records.reading import read
from uncloak.tables import write_table

with computing(snakemake) as job:
    record, inputs, given = read(Targets, job.params.record), job.input, {"device": job.device}
    pictures = pictures_to_perturb(inputs.split, job.seed, **json.loads(job.params.whose))
    if isinstance(record, Farthest):
        offered = offered_pictures(record, read_split(inputs.target_split), job.seed)
        given["offered"] = Offered(Stored(inputs.target_faces, rows_of(inputs.target_faces, offered)), offered)
        given["faces"] = Stored(inputs.faces, rows_of(inputs.faces, pictures))
        margin = read_margin(inputs.faces)  # that of the offered faces, too
        given["surrogates"] = [load(path, job.device).for_crops(margin) for path in inputs.surrogates]
    targets = choose_targets(record, pictures, job.seed, **given)
    write_table(pd.DataFrame({"picture": pictures, "target": targets}), job.output[0])

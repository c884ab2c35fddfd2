"""Embed the faces of a posting with one extractor, as a defense treats them if there is one."""

import json

from uncloak.computing import computing

from uncloak.defenses.treated import Treated
from uncloak.extractors.embedding import embed
from uncloak.extractors.weights import load
from uncloak.pictures.stored import read_margin
from uncloak.store import open_arrays, read_arrays, write_arrays

with computing(snakemake) as job:
    (pictures,) = read_arrays(job.input.faces, "picture")
    does = json.loads(job.params.treatment)
    with open_arrays(job.input.faces) as file:
        faces = Treated(file["faces"], does) if does else file["faces"]
        extractor = load(job.input.extractor, job.device).for_crops(read_margin(job.input.faces))
        embeddings = embed(extractor, faces, job.device)
    made = job.made("float32", extractor=job.wildcards.extractor)
    write_arrays(job.output[0], {"embedding": embeddings, "picture": pictures}, made)

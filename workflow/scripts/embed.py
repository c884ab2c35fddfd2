"""Embed the faces of a posting with one extractor, as a defense treats them if there is one."""

import json

from uncloak.computing import computing

from uncloak.defenses.treated import to_embed
from uncloak.extractors.embedding import Embedded
from uncloak.extractors.weights import load
from uncloak.pictures.stored import read_margin
from uncloak.store import write_arrays

with computing(snakemake) as job:
    pictures, faces = to_embed(job.input.faces, json.loads(job.params.treatment), job.input.get("probes"))
    extractor = load(job.input.extractor, job.device).for_crops(read_margin(job.input.faces))
    made = job.made("float32", extractor=job.wildcards.extractor)
    embeddings = Embedded(extractor, faces, job.device)
    write_arrays(job.output[0], {"embedding": embeddings, "picture": pictures}, made)

"""Embed the faces of a posting with a black box, as a defense treats them if there is one."""

import json

from uncloak.jobs import started

from uncloak.defenses.treated import to_embed
from uncloak.extractors.black_box import embed_by_black_box
from uncloak.fetching import obtain
from uncloak.pictures.stored import read_margin
from uncloak.records.extractors import AnyExtractor
from uncloak.records.reading import read
from uncloak.store import write_arrays

with started(snakemake) as job:
    record = read(AnyExtractor, job.params.record)
    pictures, faces = to_embed(job.input.faces, json.loads(job.params.treatment), job.input.get("probes"))
    embeddings = embed_by_black_box(record, faces, obtain(job.config, job.params.brought), read_margin(job.input.faces))
    write_arrays(
        job.output[0], {"embedding": embeddings, "picture": pictures}, job.made(extractor=job.wildcards.extractor)
    )

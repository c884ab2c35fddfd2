"""Embed the faces of an audit, or of its crowd, with one extractor: as they are, and as each defense treats them."""

import json

from uncloak.computing import computing

from uncloak.audit.models import embedder
from uncloak.audit.treating import embed_treated
from uncloak.fetching import obtain
from uncloak.pictures.stored import read_margin
from uncloak.records.extractors import AnyExtractor
from uncloak.records.reading import read
from uncloak.store import read_arrays, write_arrays
from uncloak.tables import read_text

with computing(snakemake) as job:
    path, pictures = job.input.faces, job.input.get("pictures")
    record, margin = read(AnyExtractor, job.params.record), read_margin(path)
    embed = embedder(record, obtain(job.config, job.params.brought), margin, job.device)
    parts = read_text(pictures, "folder", "file", "part") if pictures else None
    names = ("folder", "file", "channel") if pictures else ("picture", "identity")
    faces, *keys = read_arrays(path, "faces", *names)
    treatments = json.loads(job.params.treatments)
    arrays = embed_treated(faces, dict(zip(names, keys, strict=True)), parts, treatments, embed)
    write_arrays(job.output[0], arrays, job.made("float32", extractor=job.wildcards.extractor))

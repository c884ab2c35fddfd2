"""Measure whether a person is found, and say what the audit was."""

import json
from pathlib import Path

from uncloak.jobs import started

from uncloak.audit.reporting import about, crowd_without, findings, offered
from uncloak.tables import read_text, write_table
from uncloak.writing import atomic

with started(snakemake) as job:
    told, inputs = json.loads(job.params.told), job.input
    by_extractor = [{Path(path).stem: path for path in files} for files in (inputs.embeddings, inputs.crowd_embeddings)]
    own = told["crowd"]["own"] if told["crowd"] else ""
    identity, left_out = crowd_without(next(iter(inputs.crowd), None), inputs.faces, own)
    pictures = read_text(inputs.pictures, "folder", "file", "part", "cloak", "pair")
    found, extractors = findings(pictures, *by_extractor, left_out, told, job.seed)
    write_table(found, job.output.findings)
    write_table(extractors, job.output.extractors)
    write_table(offered(told), job.output.offered)
    with atomic(job.output.about) as path:
        told = about(told, identity.tolist(), left_out, job.seed)
        path.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")

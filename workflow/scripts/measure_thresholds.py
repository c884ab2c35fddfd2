"""Measure, for extractors' records, the distances below which few pairs of faces of different people lie."""

import json
from pathlib import Path

from uncloak.jobs import started

import yaml

from uncloak.audit.measuring import NO_TREATMENT
from uncloak.audit.reporting import read_crowd
from uncloak.audit.thresholds import as_record, calibrate
from uncloak.writing import atomic

with started(snakemake) as job:
    told, records = json.loads(job.params.told), {}
    for path in job.input:
        crowd = read_crowd(path)
        label = f"{told['label']}, {len(set(crowd.identity))} people, {len(crowd.identity)} photographs"
        found = calibrate(crowd.embeddings[NO_TREATMENT], crowd.identity, label, told["metric"])
        records[Path(path).stem] = {"thresholds": as_record(found, told["metric"])}
    with atomic(job.output[0]) as path:
        path.write_text(yaml.safe_dump({"extractors": records}, sort_keys=False, width=200), encoding="utf-8")

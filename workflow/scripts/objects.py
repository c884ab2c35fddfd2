"""Draw the pictures to classify, or read them from a folder."""

import importlib
import json

from uncloak.jobs import started

from uncloak.store import write_arrays

with started(snakemake) as job:
    record, seed = json.loads(job.params.record), job.params.seed
    source = importlib.import_module(f"uncloak.transfer.objects.{record['source']}")
    classes, arrays = source.make(record, job.input.folder, seed)
    write_arrays(job.output[0], arrays, job.made(classes=classes))

"""Attack an ensemble of image classifiers, and measure all on the clean and the perturbed pictures."""

import json

from uncloak.jobs import started

import torch

from uncloak.devices import choose_device
from uncloak.tables import write_table
from uncloak.transfer.evaluation import measure

with started(snakemake) as job:
    torch.set_num_threads(job.threads)
    record = json.loads(job.params.record)
    files = dict(zip(record["image_classifiers"], job.input.image_classifiers, strict=True))
    table = measure(record, job.input.objects, files, job.params.seed, choose_device())
    write_table(table, job.output[0])

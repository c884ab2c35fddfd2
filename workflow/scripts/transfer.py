"""Attack an ensemble of image classifiers, and measure all on the clean and the perturbed pictures."""

import json

from uncloak.jobs import logged

import torch

from uncloak.devices import choose_device
from uncloak.tables import write_table
from uncloak.transfer.evaluation import measure

with logged(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    record = json.loads(snakemake.params.spec)
    files = dict(zip(record["image_classifiers"], snakemake.input.image_classifiers, strict=True))
    table = measure(record, snakemake.input.objects, files, snakemake.params.seed, choose_device())
    write_table(table, snakemake.output[0])

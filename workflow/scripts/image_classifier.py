"""Make an image classifier: train it on the drawn objects, or import its published weights."""

import importlib
import json

from uncloak.jobs import started

import torch

from uncloak.extractors.weights import save
from uncloak.fetching import obtain

with started(snakemake) as job:
    torch.set_num_threads(job.threads)
    name, params = job.wildcards.image_classifier, job.params
    record = json.loads(params.record)
    recipe = importlib.import_module(f"uncloak.transfer.recipes.{params.recipe}")
    made_from = obtain(job.config, params.brought) or job.input[0]
    classifier, classes, made = recipe.make(record, made_from, params.seed, name)
    kept = {"network": record["network"], "input": record["input"], "classes": classes}
    save(job.output[0], classifier, kept, job.made(**made))

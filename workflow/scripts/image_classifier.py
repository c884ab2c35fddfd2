"""Make an image classifier: train it on the drawn objects, or import its published weights."""

import importlib
import json

from uncloak.jobs import logged

import torch

from uncloak.extractors.weights import save

with logged(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    name, params = snakemake.wildcards.image_classifier, snakemake.params
    record = json.loads(params.spec)
    recipe = importlib.import_module(f"uncloak.transfer.recipes.{params.recipe}")
    classifier, classes, made = recipe.make(record, snakemake.input[0], params.seed, name)
    kept = {"network": record["network"], "input": record["input"], "classes": classes}
    save(snakemake.output[0], classifier, kept, {"recipe": params.spec, "code": params.code, **made})

"""Train a small classifier on the drawn objects."""

import json
import logging

from uncloak.jobs import logged

import torch

from uncloak.devices import resolve_precision, used
from uncloak.extractors.learning import Schedule
from uncloak.extractors.weights import save
from uncloak.store import read_arrays, read_attributes
from uncloak.transfer.attack import logits
from uncloak.transfer.classifier import build
from uncloak.transfer.ranking import ranks
from uncloak.transfer.training import train

with logged(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    name, spec = snakemake.wildcards.classifier, json.loads(snakemake.params.spec)
    pictures, labels, part = read_arrays(snakemake.input.objects, "pictures", "label", "part")
    attributes = read_attributes(snakemake.input.objects)
    options = {**spec["train"], "precision": resolve_precision(spec["train"]["precision"], "cpu")}
    record = {"network": spec["network"], "input": spec["input"], "classes": attributes["classes"]}
    torch.manual_seed(snakemake.params.seed)
    learned, validation = part == "train", part == "validation"
    classifier = train(
        build(record), pictures[learned], labels[learned], Schedule(**options), snakemake.params.seed, name
    )
    right = ranks(logits(pictures[validation], classifier), labels[validation]) == 0
    logging.getLogger("uncloak").info("top-1 accuracy on the validation part: %.3f", right.mean())
    metadata = {
        "recipe": snakemake.params.spec,
        "code": snakemake.params.code,
        "source_recipe": str(attributes["recipe"]),
        **used("cpu", options["precision"]),
        "validation_accuracy": round(float(right.mean()), 4),
    }
    save(snakemake.output[0], classifier, record, metadata)

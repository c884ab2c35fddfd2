"""Recognize the users by classifiers tuned end to end, without attack or under one, with or without public pairs."""

import json
from types import SimpleNamespace

from uncloak.computing import computing

from uncloak.defenses.robust_training import read_perturbed, read_public
from uncloak.extractors.weights import load
from uncloak.pictures.labeled import view_all_labeled
from uncloak.pictures.split import read_split
from uncloak.pictures.stored import read_margin
from uncloak.recognition.end_to_end import evaluate_record, public_pairs
from uncloak.tables import write_table

with computing(snakemake) as job:
    options = SimpleNamespace(**json.loads(job.params.record))  # of the experiment `classifiers`, all of them
    inputs, wildcards, public = job.input, job.wildcards, None
    posted = None if wildcards.attack == "none" else view_all_labeled(inputs.posted[0])
    if job.params.robust:
        clean = read_public(inputs.public_faces[0], inputs.public_split[0])
        perturbed = read_perturbed(inputs.public_perturbed, clean)
        public = public_pairs(clean, perturbed, in_gallery=str(inputs.public_split[0]) == str(inputs.split))
    names = {"dataset": wildcards.dataset, "attack": wildcards.attack, "extractor_name": wildcards.extractor}
    how = {"seed": job.seed, "device": job.device, **names}
    extractor, split = load(inputs.extractor[0]).for_crops(read_margin(inputs.faces)), read_split(inputs.split)
    write_table(evaluate_record(options, extractor, inputs.faces, split, posted, public, **how), job.output[0])

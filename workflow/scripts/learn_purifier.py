"""Learn to purify faces, on clean and perturbed ones of public identities."""

import json
from importlib import import_module

from uncloak.computing import computing

from uncloak.defenses.lessons import read_lessons
from uncloak.extractors.weights import load, save
from uncloak.pictures.stored import read_margin

with computing(snakemake) as job:
    does, inputs = json.loads(job.params.record), job.input
    method = import_module(f"uncloak.defenses.{does['method']}")
    options = method.Options(**does["options"])
    lessons = read_lessons(inputs.faces, inputs.split, inputs.perturbed, options.strengths)
    margin = read_margin(inputs.perturbed[0])
    features = [load(path, job.device).for_crops(margin) for path in inputs.features]
    made = job.made("float32")
    checkpoint = job.checkpoint(made)
    purifier, record = method.learn(lessons, features, options, job.wildcards.purifier, job.device, checkpoint)
    save(job.output[0], purifier.cpu(), record, made | {"source": f"learned on {lessons.told}"})
    checkpoint.remove()

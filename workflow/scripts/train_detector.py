"""Train a detector of perturbed faces, and score with it the faces of its test people and of the gallery."""

import json

from uncloak.computing import computing

from uncloak.defenses.detection import save
from uncloak.defenses.detector_training import train_detector, view_by_attack
from uncloak.fetching import obtain
from uncloak.pictures.split import read_split
from uncloak.records.detectors import Detector
from uncloak.records.reading import read
from uncloak.store import read_attributes
from uncloak.tables import write_table

with computing(snakemake) as job:
    record, inputs, name = read(Detector, job.params.record), job.input, job.wildcards.detector
    perturbed = view_by_attack(json.loads(job.params.perturbed), inputs.perturbed)
    posted = view_by_attack(json.loads(job.params.posted), inputs.posted)
    how = {"seed": job.seed, "name": name, "imagenet": obtain(job.config, job.params.brought), "device": job.device}
    trained = train_detector(record, inputs.faces, read_split(inputs.split), perturbed, posted, **how)
    trained.scores.insert(0, "dataset", job.wildcards.dataset)
    write_table(trained.scores, job.output.scores)
    source = f"trained on {trained.people} detector identities of {job.wildcards.dataset}"
    made = job.made(record.precision, source=source, source_recipe=str(read_attributes(inputs.faces)["recipe"]))
    save(job.output.detector, trained.detector.cpu(), record, made)

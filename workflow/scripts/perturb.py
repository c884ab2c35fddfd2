"""Perturb a shard of the gallery faces of the users, or of other people, by one attack."""

import json

from uncloak.computing import computing

from uncloak.attacks.batch import whole_users
from uncloak.attacks.chosen import read_targets
from uncloak.attacks.perturb import find_method, perturb_record, settings_of
from uncloak.attacks.surrogates import load_surrogates
from uncloak.fetching import obtain
from uncloak.pictures.stored import pictures_to_perturb, read_faces, read_margin, shard
from uncloak.records.attacks import Method
from uncloak.records.reading import read
from uncloak.store import write_arrays
from uncloak.visibility.pictures import measure

with computing(snakemake) as job:
    record, inputs, alexnet = read(Method, job.params.record), job.input, obtain(job.config, job.params.brought)
    pictures = pictures_to_perturb(inputs.split, job.seed, **json.loads(job.params.whose))
    pictures = shard(pictures, job.wildcards.get("scatteritem", "1-of-1"), whole_users(find_method(record.method)))
    arrays, how = {"picture": pictures}, {"alexnet": alexnet, "device": job.device, "workers": job.threads}
    if inputs.get("targets"):
        arrays["target"], how["targets"] = read_targets(inputs.targets, inputs.target_faces, pictures)
    margin = read_margin(inputs.faces)
    surrogates = load_surrogates(inputs.surrogates, job.device, margin)
    perturbed = perturb_record(record, read_faces(inputs.faces, pictures), pictures, surrogates, job.seed, **how)
    arrays |= {"faces": perturbed.faces, **measure(perturbed.clean, perturbed.faces)}
    made = json.dumps(settings_of(record, alexnet), sort_keys=True)
    write_arrays(job.output[0], arrays, job.made(record.precision, settings=made, margin=margin))

"""Perturb a shard of the users' gallery photographs by one attack."""

import json
from pathlib import Path

from uncloak.computing import computing

from uncloak.attacks.chosen import read_targets
from uncloak.attacks.photographs import margin_of, perturb_record, photograph_settings
from uncloak.attacks.surrogates import load_surrogates
from uncloak.fetching import obtain
from uncloak.pictures.photographs import read_photographs
from uncloak.pictures.stored import posted_pictures, shard
from uncloak.records.attacks import Method
from uncloak.records.reading import read
from uncloak.tables import write_table
from uncloak.visibility.photographs import measure_files

with computing(snakemake) as job:
    record, inputs, folder = read(Method, job.params.record), job.input, Path(job.output.photographs)
    pictures = shard(posted_pictures(inputs.split), job.wildcards.scatteritem)
    alexnet = obtain(job.config, job.params.brought)
    photographs = read_photographs(pictures, inputs.manifest, inputs.root, inputs.faces)
    chosen, how = {}, {"alexnet": alexnet, "device": job.device, "workers": job.threads}
    if inputs.get("targets"):
        chosen["target"], how["targets"] = read_targets(inputs.targets, inputs.target_faces, pictures)
    surrogates = load_surrogates(inputs.surrogates, job.device, margin_of(record, photographs))
    table = perturb_record(record, photographs, folder, surrogates, job.seed, **how)
    shown = measure_files(zip(photographs.files, folder / table["path"], strict=True), job.threads)
    write_table(table.assign(**chosen, **shown), job.output.table)
    made = job.made(record.precision, **photograph_settings(record, photographs.face_size, alexnet))
    (folder / "settings.json").write_text(json.dumps(made, sort_keys=True))

"""Perturb some of the users' gallery pictures by one attack, one at a time, and tell how long each takes."""

from tempfile import TemporaryDirectory

from uncloak.computing import computing

from uncloak.attacks.chosen import read_targets
from uncloak.attacks.photographs import margin_of
from uncloak.attacks.surrogates import load_surrogates
from uncloak.attacks.timing import in_turn, time_faces, time_photographs
from uncloak.devices import in_words
from uncloak.fetching import obtain
from uncloak.pictures.photographs import read_photographs
from uncloak.pictures.stored import posted_pictures, read_faces, read_margin
from uncloak.records.attacks import Method
from uncloak.records.reading import read
from uncloak.tables import write_table

with computing(snakemake) as job:
    record, inputs = read(Method, job.params.record), job.input
    pictures = in_turn(posted_pictures(inputs.split), job.params.pictures)
    how = {"alexnet": obtain(job.config, job.params.brought), "device": job.device}
    if inputs.get("targets"):
        _, how["targets"] = read_targets(inputs.targets, inputs.target_faces, pictures)
    if inputs.get("root"):
        photographs = read_photographs(pictures, inputs.manifest, inputs.root, inputs.faces)
        surrogates = load_surrogates(inputs.surrogates, job.device, margin_of(record, photographs))
        with TemporaryDirectory() as folder:
            times = time_photographs(record, photographs, folder, surrogates, job.seed, **how)
    else:
        surrogates = load_surrogates(inputs.surrogates, job.device, read_margin(inputs.faces))
        times, _ = time_faces(record, read_faces(inputs.faces, pictures), pictures, surrogates, job.seed, **how)
    made = job.made(record.precision)
    write_table(times.assign(device=f"{in_words(job.device)} in {made['precision']}"), job.output[0])

"""Tune an extractor on clean and perturbed faces of public identities (ICLR 2022, section 3.3)."""

from uncloak.computing import computing

from uncloak.defenses.robust_training import fit_robustly, read_public
from uncloak.extractors.weights import save
from uncloak.pictures.split import read_split
from uncloak.records.extractors import Finetuned
from uncloak.records.reading import read
from uncloak.store import read_attributes

with computing(snakemake) as job:
    record, inputs, name = read(Finetuned, job.params.record), job.input, job.wildcards.extractor
    split, people = read_split(inputs.split), read_public(inputs.public_faces[0], inputs.public_split[0])
    made = job.made(record.train.precision)
    checkpoint = job.checkpoint(made)
    files = {"origin": inputs.origin[0], "faces": inputs.faces, "perturbed": inputs.perturbed}
    how = {"seed": job.seed, "name": name, "device": job.device, "checkpoint": checkpoint}
    fitted = fit_robustly(record, split=split, people=people, **how, **files)
    learned = {"source": fitted.source, "source_recipe": str(read_attributes(inputs.faces)["recipe"])}
    made |= {"clean_error": f"{fitted.clean_error:.6g}", **learned}
    save(job.output[0], fitted.extractor, fitted.record, made)
    checkpoint.remove()

"""Train an extractor on background identities, from scratch or from another extractor."""

from uncloak.computing import computing

from uncloak.extractors.fitting import fit
from uncloak.extractors.weights import save
from uncloak.pictures.split import read_split
from uncloak.pictures.stored import read_captions, read_margin
from uncloak.pictures.views import Stored
from uncloak.records.extractors import AnyExtractor
from uncloak.records.reading import read
from uncloak.store import read_arrays, read_attributes

with computing(snakemake) as job:
    record, inputs = read(AnyExtractor, job.params.record), job.input
    (pictures,) = read_arrays(inputs.faces, "picture")
    made = job.made(record.train.precision)
    checkpoint = job.checkpoint(made)
    how = {
        "margin": read_margin(inputs.faces),
        "captions": read_captions(inputs.faces),
        "device": job.device,
        "checkpoint": checkpoint,
    }
    if inputs.get("origin"):
        how["origin"] = inputs.origin[0]
    split, faces = read_split(inputs.split), Stored(inputs.faces)
    fitted = fit(record, faces, pictures, split, job.seed, job.wildcards.extractor, **how)
    learned = {"source": fitted.source, "source_recipe": str(read_attributes(inputs.faces)["recipe"])}
    made |= {"clean_error": f"{fitted.clean_error:.6g}", **learned}
    save(job.output[0], fitted.extractor, fitted.record, made, fitted.tower)
    checkpoint.remove()

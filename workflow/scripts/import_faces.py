"""Import the faces that somebody else perturbed."""

from pathlib import Path

from uncloak.jobs import started

from uncloak.attacks.merging import merge_back
from uncloak.attacks.preparation import prepare, untouched
from uncloak.exchange.external import pair_record, read_faces, reported
from uncloak.pictures import stored
from uncloak.records.attacks import External
from uncloak.records.reading import read
from uncloak.store import read_arrays, write_arrays
from uncloak.tables import write_table
from uncloak.visibility.pictures import measure

with started(snakemake) as job:
    record, pictures = read(External, job.params.record), stored.posted_pictures(job.input.split)
    whole = stored.read_faces(job.input.faces, pictures)
    prepared, clean = (does(whole, record.preparation) for does in (prepare, untouched))
    pairing = pair_record(record, job.input.root, pictures, *read_arrays(job.input.faces, "picture"))
    with reported(Path(job.log[0]).with_suffix(".csv")):  # beside the log, which outlives a failed job
        faces = read_faces(pairing, prepared.shape[1])
    faces = merge_back(whole, prepared, faces, record.preparation)
    made = job.made(margin=stored.read_margin(job.input.faces))
    write_arrays(job.output.faces, {"faces": faces, "picture": pictures, **measure(clean, faces)}, made)
    write_table(pairing.report(), job.output.files)

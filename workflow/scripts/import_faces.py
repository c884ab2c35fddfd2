"""Import the faces that somebody else perturbed."""

from pathlib import Path

from uncloak.jobs import started

from uncloak.attacks.preparation import prepare
from uncloak.exchange.external import pair_record, read_faces, reported
from uncloak.pictures import stored
from uncloak.records.attacks import External
from uncloak.records.reading import read
from uncloak.store import read_arrays, write_arrays
from uncloak.tables import write_table
from uncloak.visibility.pictures import measure

with started(snakemake) as job:
    record, pictures = read(External, job.params.record), stored.posted_pictures(job.input.split)
    clean = prepare(stored.read_faces(job.input.faces, pictures), record.preparation)
    pairing = pair_record(record, job.input.root, pictures, *read_arrays(job.input.faces, "picture"))
    with reported(Path(job.log[0]).with_suffix(".csv")):  # beside the log, which outlives a failed job
        faces = read_faces(pairing, clean.shape[1])
    write_arrays(job.output.faces, {"faces": faces, "picture": pictures, **measure(clean, faces)}, job.made())
    write_table(pairing.report(), job.output.files)

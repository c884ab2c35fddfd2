"""Export the users' faces, as one attack perturbed them or clean, as a folder for other people's tools."""

from uncloak.jobs import started

from uncloak.exchange.export import export_record
from uncloak.pictures.stored import posted_pictures, read_faces
from uncloak.records.attacks import AnyAttack
from uncloak.records.reading import read

with started(snakemake) as job:
    pictures = posted_pictures(job.input.split)
    faces, clean = (read_faces(path, pictures) for path in (job.input.faces, job.input.clean))
    export_record(read(AnyAttack, job.params.record), job.output[0], pictures.tolist(), faces, clean)

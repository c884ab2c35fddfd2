"""Export the users' faces, as one attack perturbed them or clean, as a folder for other people's tools."""

import json

from uncloak.jobs import logged

from uncloak.attacks.preparation import Preparation, prepare
from uncloak.exchange.export import export
from uncloak.pictures.stored import posted_pictures, read_faces

# How FaceCure's scripts expect the files of the attacks that they know.
NAMINGS = {"lowkey": "lowkey", "fawkes_v03": "fawkes", "fawkes_v10": "fawkes"}

with logged(snakemake.log[0]):
    spec = json.loads(snakemake.params.spec)
    pictures = posted_pictures(snakemake.input.split)
    clean = read_faces(snakemake.input.clean, pictures)
    if "preparation" in spec:
        clean = prepare(clean, Preparation(**spec["preparation"]))
    faces = read_faces(snakemake.input.faces, pictures) if spec else clean
    naming = NAMINGS.get(spec.get("method"), "plain") if spec else "clean"
    export(snakemake.output[0], pictures.tolist(), faces, clean, naming)

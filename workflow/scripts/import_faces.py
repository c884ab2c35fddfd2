"""Import the faces that somebody else perturbed."""

import json
from pathlib import Path

from uncloak.jobs import logged

from uncloak.attacks.preparation import Preparation, prepare
from uncloak.exchange.external import UnfitPicturesError, pair, read_faces
from uncloak.pictures import stored
from uncloak.provenance import digest
from uncloak.store import read_arrays, write_arrays
from uncloak.tables import write_table
from uncloak.visibility.pictures import measure

with logged(snakemake.log[0]):
    spec = json.loads(snakemake.params.spec)
    pictures = stored.posted_pictures(snakemake.input.split)
    clean = stored.read_faces(snakemake.input.faces, pictures)
    if "preparation" in spec:
        clean = prepare(clean, Preparation(**spec["preparation"]))
    (known,) = read_arrays(snakemake.input.faces, "picture")
    pairing = pair(snakemake.input.root, spec["layout"], spec["name"], pictures.tolist(), known.tolist())
    try:
        faces = read_faces(pairing, clean.shape[1])
    except UnfitPicturesError as error:
        # Beside the log, which outlives a failed job.
        write_table(error.report, Path(snakemake.log[0]).with_suffix(".csv"))
        raise
    write_arrays(
        snakemake.output.faces,
        {"faces": faces, "picture": pictures, **measure(clean, faces)},
        {"recipe": digest(snakemake.params.code + snakemake.params.spec), "spec": snakemake.params.spec},
    )
    write_table(pairing.report(), snakemake.output.files)

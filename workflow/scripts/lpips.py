"""Measure LPIPS between the clean and the perturbed pictures of one attack."""

from pathlib import Path

from uncloak.computing import computing

import pandas as pd

from uncloak.attacks.preparation import untouched
from uncloak.fetching import obtain
from uncloak.pictures.manifest import files_of, read_manifest
from uncloak.pictures.reading import load_picture
from uncloak.pictures.stored import SHOWN, read_faces, read_shown
from uncloak.records.attacks import Preparation
from uncloak.records.reading import read
from uncloak.store import read_arrays
from uncloak.tables import read_table, write_table
from uncloak.visibility.lpips import measure_lpips

with computing(snakemake) as job:
    inputs = job.input
    if inputs.get("table"):
        table = read_table(inputs.table, "picture", "path")
        pictures, perturbed = table["picture"], (load_picture(Path(inputs.root, path)) for path in table["path"])
        clean = map(
            load_picture, files_of(read_manifest(inputs.manifest), inputs.originals, table.get(SHOWN, pictures))
        )
    else:
        (perturbed,) = read_arrays(inputs.perturbed, "faces")
        pictures, shown = read_shown(inputs.perturbed)
        clean = untouched(read_faces(inputs.faces, shown), read(Preparation, job.params.record))
    alexnet = obtain(job.config, job.params.brought)
    distances = measure_lpips(zip(clean, perturbed, strict=True), len(pictures), alexnet, job.device)
    write_table(pd.DataFrame({"picture": pictures, "lpips": distances}), job.output[0])

"""Find and align the faces of perturbed photographs, as the trainer does who scrapes them."""

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from uncloak.jobs import logged

import numpy as np
import pandas as pd
from PIL import Image

from uncloak.pictures.channel import parse
from uncloak.pictures.faces import align_pictures
from uncloak.pictures.landmarks import LANDMARK_COLUMNS
from uncloak.pictures.reading import load_picture
from uncloak.provenance import digest
from uncloak.store import read_arrays, read_attributes, write_arrays
from uncloak.tables import read_table
from uncloak.visibility.pictures import MEASURES

with logged(snakemake.log[0]):
    spec, channel = json.loads(snakemake.params.spec), parse(json.loads(snakemake.params.channel))
    root = photographs = Path(snakemake.input.root)
    table = read_table(snakemake.input.table)
    stored, points = read_arrays(snakemake.input.faces, "picture", "landmarks")
    # Where the detector loses the face, the trainer still has an idea of where it is: the clean landmarks.
    known = pd.DataFrame(points.reshape(len(points), 10), columns=LANDMARK_COLUMNS).assign(picture=stored)
    recipe = digest(snakemake.params.code + snakemake.params.spec + snakemake.params.channel)
    with TemporaryDirectory(dir=Path(snakemake.output[0]).parent) as folder:
        if channel.steps:
            names = [f"{row}.png" for row in range(len(table))]
            for name, path in zip(names, table["path"], strict=True):
                Image.fromarray(channel.transmit(load_picture(root / path))).save(Path(folder, name))
            table, photographs = table.assign(path=names), Path(folder)
        aligned = Path(folder, "aligned.h5")
        align_pictures(
            table,
            photographs,
            aligned,
            face_size=spec["face_size"],
            **spec["alignment"],
            landmarks=known,
            recipe=recipe,
            workers=min(snakemake.threads, os.cpu_count() or 1),
        )
        faces, picture, origin = read_arrays(aligned, "faces", "picture", "aligned_by")
        attributes = read_attributes(aligned)
    made = root / "settings.json"
    if made.exists():
        attributes["settings"] = made.read_text()
    rows = table.set_index("picture").loc[picture]
    measured = {name: rows[name].to_numpy(np.float64) for name in MEASURES if name in rows}
    write_arrays(
        snakemake.output[0],
        {"faces": faces, "picture": picture, "aligned_by": origin, **measured},
        {**attributes, "channel": snakemake.params.channel},
    )

"""Draw raw photographs with the landmarks found in them, and the aligned faces."""

from pathlib import Path

from uncloak.jobs import logged

import numpy as np

from uncloak.figures.pictures import picture_sample
from uncloak.figures.saving import save
from uncloak.pictures.manifest import read_manifest
from uncloak.pictures.names import identities_of
from uncloak.pictures.reading import load_picture
from uncloak.seeds import generator
from uncloak.store import open_arrays, read_arrays, read_attributes

PEOPLE, PICTURES = 3, 6

with logged(snakemake.log[0]):
    pictures, landmarks = read_arrays(snakemake.input.faces, "picture", "landmarks")
    identities = identities_of(pictures)
    people = generator(snakemake.params.seed, "picture sample").permutation(np.unique(identities))[:PEOPLE]
    rows = np.sort(np.concatenate([np.flatnonzero(identities == name)[:PICTURES] for name in people]))
    with open_arrays(snakemake.input.faces) as file:
        faces = file["faces"][rows]
    known = read_attributes(snakemake.input.faces)["share_known"]
    manifest = read_manifest(snakemake.input.manifest).set_index("picture").loc[pictures[rows]]
    photographs = [load_picture(Path(snakemake.input.root, path)) for path in manifest["path"]]
    subtitle = (
        f"Raw photographs with the landmarks found in them, and the aligned faces beneath. "
        f"Dataset: {snakemake.params.dataset}, {len(np.unique(identities))} identities, {len(pictures)} pictures. "
        f"{known:.1%} of the faces were missed by the detector and aligned by their known landmarks. "
        f"Seed {snakemake.params.seed}."
    )
    chart = picture_sample(pictures[rows], photographs, landmarks[rows], faces, "What the pictures are", subtitle)
    output = snakemake.output
    save(chart, manifest.reset_index(), output.html, output.svg, output.png, output.csv, snakemake.input.vega)

"""Draw clean faces, perturbed faces and their differences."""

from uncloak.jobs import logged

import pandas as pd

from uncloak.attacks.preparation import Preparation, prepare
from uncloak.figures.contact_sheet import contact_sheet, contact_table
from uncloak.figures.saving import save
from uncloak.pictures.names import identity_of
from uncloak.pictures.stored import read_faces
from uncloak.store import read_arrays

PEOPLE = 8

with logged(snakemake.log[0]):
    (posted,) = read_arrays(snakemake.input.perturbed[0], "picture")
    by_user = {identity_of(picture): picture for picture in sorted(posted, reverse=True)}
    shown = sorted(by_user.values())[:PEOPLE]
    clean = read_faces(snakemake.input.faces, shown)
    perturbed, dssim, mean_dssim = {}, {}, {}
    for label, path in zip(snakemake.params.labels, snakemake.input.perturbed, strict=True):
        faces = read_faces(path, shown)
        # An attack may work on faces of another size.
        perturbed[label] = faces if faces.shape == clean.shape else prepare(faces, Preparation(clean.shape[1]))
        pictures, measured = read_arrays(path, "picture", "dssim")
        dssim[label], mean_dssim[label] = pd.Series(measured, pictures)[shown].to_numpy(), float(measured.mean())
    subtitle = (
        f"One gallery face of {len(shown)} users each, as aligned and as posted (8 bit). "
        f"Dataset: {snakemake.params.dataset}. Seed {snakemake.params.seed}."
    )
    chart = contact_sheet(clean, perturbed, shown, dssim, mean_dssim, "What the cloaks do to a face", subtitle)
    output = snakemake.output
    save(
        chart,
        contact_table(clean, perturbed, shown, dssim),
        output.html,
        output.svg,
        output.png,
        output.csv,
        snakemake.input.vega,
    )

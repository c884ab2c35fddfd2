"""Draw clean faces, perturbed faces and their differences."""

import numpy as np

from uncloak.figures.contact_sheet import contact_sheet, contact_table
from uncloak.figures.saving import save
from uncloak.jobs import logged
from uncloak.store import open_arrays, read_arrays

PEOPLE = 8

with logged(snakemake.log[0]):
    perturbed, dssim, mean_dssim = {}, {}, {}
    shown = None
    for label, path in zip(snakemake.params.labels, snakemake.input.perturbed, strict=True):
        pictures, measured = read_arrays(path, "picture", "dssim")
        if shown is None:
            identities = np.array([picture.split("/")[0] for picture in pictures])
            shown = pictures[np.unique(identities, return_index=True)[1][:PEOPLE]]
        rows = np.flatnonzero(np.isin(pictures, shown))
        with open_arrays(path) as file:
            perturbed[label] = file["faces"][rows]
        dssim[label], mean_dssim[label] = measured[rows], float(measured.mean())
    (pictures,) = read_arrays(snakemake.input.faces, "picture")
    with open_arrays(snakemake.input.faces) as file:
        clean = file["faces"][np.flatnonzero(np.isin(pictures, shown))]
    shown = list(shown)
    subtitle = (
        f"One gallery face of {len(shown)} users each, as aligned and as posted (8 bit). Dataset: {snakemake.params.dataset}. "
        f"Seed {snakemake.params.seed}."
    )
    chart = contact_sheet(clean, perturbed, shown, dssim, mean_dssim, "What the cloaks do to a face", subtitle)
    output = snakemake.output
    save(chart, contact_table(clean, perturbed, shown, dssim), output.html, output.svg, output.png, output.csv)

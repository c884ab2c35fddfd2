"""Draw clean faces, perturbed faces and their differences."""

import numpy as np
import pandas as pd

from uncloak.figures.contact_sheet import contact_sheet, contact_table
from uncloak.figures.saving import save
from uncloak.jobs import logged
from uncloak.store import open_arrays, read_arrays

PEOPLE = 8


def read_rows(path, wanted):
    """Faces of the `wanted` pictures, in this order, and their rows in the file."""
    (pictures,) = read_arrays(path, "picture")
    rows = pd.Index(pictures).get_indexer(wanted)
    with open_arrays(path) as file:
        return np.stack([file["faces"][row] for row in rows]), rows


with logged(snakemake.log[0]):
    (posted,) = read_arrays(snakemake.input.perturbed[0], "picture")
    by_user = {picture.split("/")[0]: picture for picture in sorted(posted, reverse=True)}
    shown = sorted(by_user.values())[:PEOPLE]
    clean, _ = read_rows(snakemake.input.faces, shown)
    perturbed, dssim, mean_dssim = {}, {}, {}
    for label, path in zip(snakemake.params.labels, snakemake.input.perturbed, strict=True):
        perturbed[label], rows = read_rows(path, shown)
        (measured,) = read_arrays(path, "dssim")
        dssim[label], mean_dssim[label] = measured[rows], float(measured.mean())
    subtitle = (
        f"One gallery face of {len(shown)} users each, as aligned and as posted (8 bit). "
        f"Dataset: {snakemake.params.dataset}. Seed {snakemake.params.seed}."
    )
    chart = contact_sheet(clean, perturbed, shown, dssim, mean_dssim, "What the cloaks do to a face", subtitle)
    output = snakemake.output
    save(chart, contact_table(clean, perturbed, shown, dssim), output.html, output.svg, output.png, output.csv)

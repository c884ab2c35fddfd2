"""Draw protection rates by what happened to the posted pictures."""

import json

from uncloak.jobs import logged

from uncloak.figures.channels import protection_by_channel
from uncloak.figures.saving import save
from uncloak.tables import read_table

with logged(snakemake.log[0]):
    attacks, channels = json.loads(snakemake.params.attacks), dict(json.loads(snakemake.params.channels))
    rows = read_table(snakemake.input[0])
    rows = rows[rows["extractor"].isin(json.loads(snakemake.params.extractors))]
    subtitle = (
        "Error of nearest-neighbor recognition on the users' clean probes, where the users' posted pictures went "
        f"through a channel before they were scraped: mean over {rows['n_users'].max()} users "
        f"({rows['n_probes'].max()} probes) with 95 % bootstrap intervals over users. "
        f"Dataset: {snakemake.params.dataset}. Seed {snakemake.params.seed}."
    )
    chart = protection_by_channel(
        rows,
        ["none", *attacks],
        channels,
        "What is left of a cloak after JPEG, resizing and blur?",
        subtitle,
        "95 % bootstrap interval over users",
    )
    output = snakemake.output
    save(chart, rows, output.html, output.svg, output.png, output.csv, snakemake.input.vega)

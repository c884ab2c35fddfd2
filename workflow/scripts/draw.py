"""Draw the figure of an experiment, and write the table that it shows."""

import json

from uncloak.jobs import started

from uncloak.experiments.gate import notes
from uncloak.experiments.given import Given
from uncloak.experiments.visible import visible
from uncloak.figures.notes import noted
from uncloak.figures.saving import save

with started(snakemake) as job:
    given = Given(dict(job.input.items()), json.loads(job.params.told))
    chart, rows = given.module("figure").draw(given)
    output = job.output
    save(
        noted(chart, [*notes(given), *visible(given)]),
        rows,
        output.html,
        output.svg,
        output.png,
        output.csv,
        job.input.vega,
    )

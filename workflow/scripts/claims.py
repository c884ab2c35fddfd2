"""Put what is measured beside what papers claim, and draw both."""

import json

from uncloak.jobs import started

from uncloak.experiments.claims.figure import draw
from uncloak.experiments.gate import notes
from uncloak.experiments.given import Given
from uncloak.figures.notes import noted
from uncloak.figures.saving import save

with started(snakemake) as job:
    given = Given(dict(job.input.items()), json.loads(job.params.told))
    chart, rows = draw(given)
    output = job.output
    save(noted(chart, notes(given)), rows, output.html, output.svg, output.png, output.csv, job.input.vega)

"""Measure what an experiment asks, user by user."""

import json

from uncloak.jobs import started

from uncloak.experiments.given import Given
from uncloak.tables import write_table

with started(snakemake) as job:
    given = Given(dict(job.input.items()), json.loads(job.params.told))
    write_table(given.module("measure").measure(given), job.output[0])

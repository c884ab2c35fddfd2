"""Average what an experiment measured over users, and say what each row is about."""

import json

from uncloak.jobs import started

from uncloak.experiments.given import Given
from uncloak.tables import read_table, write_table

with started(snakemake) as job:
    given = Given({}, json.loads(job.params.told))
    average = getattr(given.module("measure"), "average", None)
    if average is None:  # imported where it is needed: it brings SciPy along
        from uncloak.experiments.averaging import average
    write_table(average(given, read_table(job.input[0])), job.output[0])

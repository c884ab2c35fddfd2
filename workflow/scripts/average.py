"""Average what an experiment measured over users, and say what each row is about."""

import json

from uncloak.jobs import started

from uncloak.experiments.gate import entering, marked
from uncloak.experiments.given import Given
from uncloak.tables import write_table

with started(snakemake) as job:
    given = Given(dict(job.input.items()), json.loads(job.params.told))
    measure = given.module("measure")
    average, columns = getattr(measure, "average", None), getattr(measure, "MEASURED", ())
    if average is None:  # imported where it is needed: it brings SciPy along
        from uncloak.experiments.averaging import MEASURED, average

        columns = columns or MEASURED
    errors = entering(given, given.table("errors", *columns))
    write_table(marked(given, average(given, errors)), job.output[0])

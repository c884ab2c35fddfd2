"""Write the page about the whole run, and the table of how it was made."""

import json

from uncloak.jobs import started

from uncloak.overview.page import write_page
from uncloak.overview.provenance import provenance
from uncloak.tables import write_table

with started(snakemake) as job:
    told = json.loads(job.params.told)
    table = provenance(dict(job.input.items()), told, "benchmarks", "logs")
    write_table(table, job.output.provenance)
    write_page(dict(job.input.items()), told, table, job.output.html)

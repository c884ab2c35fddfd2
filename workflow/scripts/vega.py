"""Write the script that figures are shown by in a browser."""

from uncloak.jobs import started

from uncloak.figures.page import vega
from uncloak.writing import atomic

with started(snakemake) as job, atomic(job.output[0]) as path:
    path.write_text(vega(), encoding="utf-8")

"""Write the script that figures are shown by in a browser."""

from uncloak.jobs import logged

from uncloak.figures.page import vega
from uncloak.store import atomic

with logged(snakemake.log[0]), atomic(snakemake.output[0]) as path:
    path.write_text(vega(), encoding="utf-8")

"""Put what is measured beside what papers claim, and draw both."""

import json

from uncloak.jobs import logged

from uncloak.claims.comparison import MEASURED, NO_COUNTERPART, compare
from uncloak.claims.measured import from_detection, from_rates, from_transfer, together
from uncloak.claims.published import read_published
from uncloak.figures.claims import claims_and_measurements
from uncloak.figures.saving import save
from uncloak.tables import read_table

with logged(snakemake.log[0]):
    sources = snakemake.input
    measured = together(
        from_table(read_table(path))
        for kind, from_table in (("rates", from_rates), ("detection", from_detection), ("transfer", from_transfer))
        for path in sources.get(kind, [])
    )
    table = compare(read_published(sources.published), measured, json.loads(snakemake.params.counterparts))
    counts = table["status"].value_counts()
    found, without = counts.get(MEASURED, 0), counts.get(NO_COUNTERPART, 0)
    subtitle = (
        f"{found} published numbers that have a counterpart measured here; of the {len(table) - found} others in the"
        f" table, {without} have no counterpart and {len(table) - found - without} were not run."
        f" Measured on {snakemake.params.dataset}, with 95 % bootstrap intervals. Seed {snakemake.params.seed}."
    )
    chart = claims_and_measurements(table, "What was claimed, and what comes out here?", subtitle)
    output = snakemake.output
    save(chart, table, output.html, output.svg, output.png, output.csv, snakemake.input.vega)

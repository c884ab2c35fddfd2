"""Draw protection rates by the number of unprotected pictures."""

import json

from uncloak.jobs import logged

import pandas as pd

from uncloak.figures.rates import only, plain, source
from uncloak.figures.saving import save
from uncloak.figures.unprotected import unprotected
from uncloak.tables import read_table

with logged(snakemake.log[0]):
    params = snakemake.params
    attacks, extractors = json.loads(params.attacks), json.loads(params.extractors)
    tables = [only(read_table(snakemake.input.unprotected), "posted", [params.posted])]
    # The detector's rates, where there is one, are those of users who post all their pictures.
    tables += map(read_table, snakemake.input.filtered)
    rows = only(only(plain(pd.concat(tables, ignore_index=True)), "extractor", extractors), "attack", attacks)
    pictures = "all their gallery pictures" if params.posted == "all" else f"{params.posted} of their gallery pictures"
    subtitle = (
        "Error of nearest-neighbor recognition on the clean probes of users who post "
        f"{pictures}, some of them unprotected, averaged over random choices of these. "
        f"{source(rows, params.dataset, params.seed, params.paper)}"
    )
    chart = unprotected(rows, attacks, extractors, params.title, subtitle, "95 % bootstrap interval over users")
    output = snakemake.output
    save(chart, rows, output.html, output.svg, output.png, output.csv, snakemake.input.vega)

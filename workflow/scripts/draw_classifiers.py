"""Draw protection rates by classifier, without defense and with robust training."""

import json

from uncloak.jobs import logged

from uncloak.figures.classifiers import classifiers
from uncloak.figures.rates import only, plain, source
from uncloak.figures.saving import save
from uncloak.tables import read_table

with logged(snakemake.log[0]):
    params = snakemake.params
    attacks, names = ["none", *json.loads(params.attacks)], json.loads(params.classifiers)
    base, robust = json.loads(params.extractors)
    table = plain(read_table(snakemake.input[0]))
    rows = only(only(only(table, "classifier", names), "extractor", [base, robust]), "attack", attacks)
    subtitle = (
        "Error on the users' clean probes of classifiers built on the whole gallery. With robust training, end to end "
        f"starts from {params.start}. "
        f"{source(rows, params.dataset, params.seed, params.paper)}"
    )
    chart = classifiers(
        rows, attacks, names, base, robust, params.title, subtitle, "95 % bootstrap interval over users"
    )
    output = snakemake.output
    save(chart, rows, output.html, output.svg, output.png, output.csv, snakemake.input.vega)

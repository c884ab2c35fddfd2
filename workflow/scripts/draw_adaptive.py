"""Draw protection rates before and after robust training."""

import json

from uncloak.jobs import logged

from uncloak.figures.adaptive import adaptive
from uncloak.figures.rates import only, plain, source
from uncloak.figures.saving import save
from uncloak.tables import read_table

with logged(snakemake.log[0]):
    params = snakemake.params
    attacks, extractors = ["none", *json.loads(params.attacks)], json.loads(params.extractors)
    rows = only(only(plain(read_table(snakemake.input[0])), "extractor", extractors), "attack", attacks)
    subtitle = (
        "Error of nearest-neighbor recognition on the users' clean probes, with an extractor as it was released and "
        "after it was tuned on clean and perturbed faces of public identities. "
        f"{source(rows, params.dataset, params.seed, params.paper)}"
    )
    chart = adaptive(rows, attacks, extractors, params.title, subtitle, "95 % bootstrap interval over users")
    output = snakemake.output
    save(chart, rows, output.html, output.svg, output.png, output.csv, snakemake.input.vega)

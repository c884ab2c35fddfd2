"""Draw protection rates by extractor, oldest to newest."""

import json

from uncloak.jobs import logged

from uncloak.figures.protection import protection_by_extractor
from uncloak.figures.rates import plain
from uncloak.figures.saving import save
from uncloak.tables import read_table

with logged(snakemake.log[0]):
    spec = json.loads(snakemake.params.spec)
    run = json.loads(snakemake.params.run)
    attacks = ["none", *(name for name in spec["attacks"] if name in run)]
    table = plain(read_table(snakemake.input[0]))
    rows = table[table["attack"].isin(attacks)]
    users, probes = rows["n_users"].max(), rows["n_probes"].max()
    subtitle = (
        f"Error of nearest-neighbor recognition on the users' clean probes: mean over {users} users ({probes} probes) "
        f"with 95 % bootstrap intervals over users. Dataset: {snakemake.params.dataset}. Seed {snakemake.params.seed}."
    )
    if spec.get("paper"):
        subtitle += f" After {spec['paper']} of Radiya-Dixit et al. (ICLR 2022)."
    chart = protection_by_extractor(table, attacks, spec["title"], subtitle, "95 % bootstrap interval over users")
    output = snakemake.output
    save(chart, rows, output.html, output.svg, output.png, output.csv, snakemake.input.vega)

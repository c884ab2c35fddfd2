"""Play the security games with what has been measured; draw who wins, and how long a cloak lasts."""

import json

from uncloak.jobs import logged

from uncloak.figures.games import game_timelines
from uncloak.figures.lifetime import cloak_lifetimes, lifetimes
from uncloak.figures.saving import save
from uncloak.games.game import play
from uncloak.tables import read_table

with logged(snakemake.log[0]):
    params, output = snakemake.params, snakemake.output
    attacks, users, adaptive = map(json.loads, (params.attacks, params.users, params.adaptive))
    rates = read_table(snakemake.input[0])
    rates = rates[rates["extractor"].isin(json.loads(params.extractors))]

    table = play(rates, users, adaptive, params.margin)
    subtitle = (
        "Protection rate, and the extractor in use. The user wins a round if the rate's 95 % bootstrap interval over"
        f" users lies above the clean error plus {100 * params.margin:g} points, the trainer if the rate is at most"
        " that. ≤: pictures of several attacks are used, and the rate is at most the lowest of theirs. Error of"
        f" nearest-neighbor recognition, mean over {table['n_users'].max()} users. Dataset: {params.dataset}."
        f" Seed {params.seed}."
        f" After {params.paper} of Radiya-Dixit et al. (ICLR 2022)."
    )
    chart = game_timelines(table, params.title, subtitle)
    save(chart, table, output.html, output.svg, output.png, output.csv, snakemake.input.vega)

    rows = lifetimes(rates, attacks, adaptive)
    subtitle = (
        f"Error of nearest-neighbor recognition on the users' clean probes: mean over {rows['n_users'].max()} users "
        f"({rows['n_probes'].max()} probes) with 95 % bootstrap intervals over users. "
        f"Dataset: {params.dataset}. Seed {params.seed}. After Figures 4 and 5 of Radiya-Dixit et al. (ICLR 2022)."
    )
    chart = cloak_lifetimes(
        rows, attacks, "How long does a cloak last?", subtitle, "95 % bootstrap interval over users"
    )
    files = (output.lifetime_html, output.lifetime_svg, output.lifetime_png, output.lifetime_csv)
    save(chart, rows, *files, snakemake.input.vega)

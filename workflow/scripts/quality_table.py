"""Say how much each attack shows, picture by picture and on average."""

import json

from uncloak.jobs import logged

import pandas as pd

from uncloak.attacks.mixture import assign
from uncloak.pictures.names import identities_of
from uncloak.pictures.stored import posted_pictures
from uncloak.store import read_arrays
from uncloak.tables import read_table, write_table
from uncloak.visibility.pictures import MEASURES
from uncloak.visibility.users import visibility

with logged(snakemake.log[0]):
    attacks, seed = json.loads(snakemake.params.attacks), snakemake.params.seed
    posted = posted_pictures(snakemake.input.split)
    made_by = json.loads(snakemake.params.made_by)
    distances = dict(zip(made_by, snakemake.input.lpips, strict=True)) if snakemake.input.lpips else {}
    measured = {}
    for attack, path in zip(made_by, snakemake.input.perturbed, strict=True):
        table = pd.DataFrame(dict(zip(["picture", *MEASURES], read_arrays(path, "picture", *MEASURES), strict=True)))
        measured[attack] = table.set_index("picture").assign(lpips=float("nan"))
        if attack in distances:
            measured[attack]["lpips"] = read_table(distances[attack]).set_index("picture")
    rows = []
    for attack, shares in attacks.items():
        assigned = assign(posted, shares, seed) if shares else [attack] * len(posted)
        own = pd.concat([measured[part].loc[[name]] for name, part in zip(posted, assigned, strict=True)])
        rows.append(own.reset_index().assign(attack=attack))
    table = pd.concat(rows, ignore_index=True)
    table.insert(0, "dataset", snakemake.wildcards.dataset)
    table.insert(1, "user", identities_of(table["picture"]))
    table = table[["dataset", "attack", "user", "picture", *MEASURES, "lpips"]]
    write_table(table, snakemake.output.quality)
    write_table(visibility(table, seed), snakemake.output.visibility)

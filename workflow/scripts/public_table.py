"""Count the public identities whose faces robust training perturbs, by attack (ICLR 2022, Table 1)."""

import json

from uncloak.jobs import logged

import pandas as pd

from uncloak.pictures.names import identity_of
from uncloak.store import read_arrays
from uncloak.tables import write_table

with logged(snakemake.log[0]):
    pictures = {}
    for attack, path in zip(json.loads(snakemake.params.attacks), snakemake.input.perturbed, strict=True):
        pictures.setdefault(attack, []).extend(read_arrays(path, "picture")[0])
    labels = json.loads(snakemake.params.labels)
    rows = [
        {
            "dataset": snakemake.params.public,
            "attack": attack,
            "attack_label": labels[attack],
            "n_identities": len({identity_of(picture) for picture in own}),
            "n_pictures": len(own),
            "seed": snakemake.params.seed,
        }
        for attack, own in pictures.items()
    ]
    write_table(pd.DataFrame(rows), snakemake.output[0])

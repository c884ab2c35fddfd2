"""Count the public identities whose faces robust training perturbs, by attack (ICLR 2022, Table 1)."""

import pandas as pd

from uncloak.experiments.given import Given
from uncloak.pictures.names import identity_of
from uncloak.store import read_arrays

MEASURED = ("dataset", "attack", "n_identities", "n_pictures", "seed")


def measure(given: Given) -> pd.DataFrame:
    """Return one row per attack: its numbers of identities and pictures, in whose dataset."""
    pictures: dict[str, list[str]] = {}
    for attack, path in zip(given.told["attacks"], given.files["perturbed"], strict=True):
        pictures.setdefault(attack, []).extend(read_arrays(path, "picture")[0])
    return pd.DataFrame(
        {
            "dataset": given.told["public"],
            "attack": attack,
            "n_identities": len({identity_of(picture) for picture in own}),
            "n_pictures": len(own),
            "seed": given.seed,
        }
        for attack, own in pictures.items()
    )


def average(given: Given, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the labels of its attacks: it counts, so there is nothing to average."""
    table.insert(table.columns.get_loc("attack") + 1, "attack_label", table["attack"].map(given.told["labels"]))
    return table

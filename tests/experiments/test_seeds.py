"""Errors by seed: which rows are repeats of which, and what the table says of them."""

import numpy as np
import pandas as pd
import pytest

from uncloak.experiments.given import Given
from uncloak.experiments.seeds.measure import average, repeated
from uncloak.recognition.components import components, components_of_others
from uncloak.recognition.evaluation import COLUMNS

USERS = ["u", "v", "w", "x"]
REPEATS = {
    "extractors": {"facenet_seed_5": ("facenet", 5), "facenet_seed_9": ("facenet", 9)},
    "attacks": {"noisy_seed_2": ("noisy", 2)},
    "datasets": {"d_seed_4": ("d", 4)},
}
EXTRACTORS = ["facenet", "clip", "facenet_seed_5", "facenet_seed_9"]
ATTACKS = {"facenet": ["none", "noisy", "still", "noisy_seed_2"], "clip": ["none", "noisy", "still", "noisy_seed_2"]}


def errors_measured():
    """Rows as they are measured: extractors trained anew meet no pictures perturbed anew."""
    random = np.random.default_rng(0)
    rows = []
    for extractor in EXTRACTORS:
        for attack in ATTACKS.get(extractor, ["none", "noisy", "still"]):
            for user in USERS:
                about = {"dataset": "d", "attack": attack, "channel": "png", "extractor": extractor, "rank": 1}
                about |= {"classifier": "nearest neighbor", "defense": "none", "metric": "euclidean", "unprotected": 0}
                rows.append({**about, "user": user, "n_probes": 10, "error": random.integers(0, 11) / 10, "seed": 1})
    return pd.DataFrame(rows)[list(COLUMNS)]


def table_of(errors):
    names = {"none": "no attack", "noisy": "Noisy", "still": "Still"}
    told = {
        "seed": 1,
        "attacks": {name: {"label": label, "released": None} for name, label in names.items()},
        "recognizers": [
            {"extractor": name, "defense": "none", "extractor_label": name, "defense_label": "none", "released": None}
            | {"known_to": ["still"] if name == "facenet" else []}
            for name in ("facenet", "clip")
        ],
    }
    return average(Given({}, told), errors)


@pytest.fixture(scope="module")
def errors():
    first = errors_measured()
    # Of the other split there are others' errors, and nothing else that was made anew.
    other = first[~(first["extractor"] + first["attack"]).str.contains("_seed_")].replace(
        {"user": {"w": "a", "x": "b"}}
    )
    other = other.assign(dataset="d_seed_4", error=1 - other["error"])
    alone = {kind: names if kind == "datasets" else {} for kind, names in REPEATS.items()}
    return pd.concat([*repeated(first, REPEATS), *repeated(other, alone)], ignore_index=True)


def test_each_thing_is_repeated_alone_and_under_its_own_name(errors):
    found = errors.groupby(["repeated", "extractor", "attack"])["seed"].unique().map(sorted).to_dict()
    assert found == {
        **{("training", "facenet", attack): [1, 5, 9] for attack in ("none", "noisy", "still")},
        **{("attack", extractor, "noisy"): [1, 2] for extractor in ("facenet", "clip")},
        **{("attack", extractor, "none"): [1] for extractor in ("facenet", "clip")},
        **{("split", extractor, attack): [1, 4] for extractor in ATTACKS for attack in ("none", "noisy", "still")},
    }
    assert set(errors["dataset"]) == {"d"}
    assert not errors.duplicated(["repeated", "extractor", "attack", "seed", "user"]).any()
    measured = errors_measured().set_index(["extractor", "attack", "user"])["error"]
    for row in errors[errors["repeated"] != "split"].itertuples():
        extractor = f"facenet_seed_{row.seed}" if row.repeated == "training" and row.seed > 1 else row.extractor
        attack = "noisy_seed_2" if row.repeated == "attack" and row.seed > 1 else row.attack
        assert row.error == measured[extractor, attack, row.user]


def test_averages_over_seeds_and_says_what_seeds_do(errors):
    table = table_of(errors).set_index(["repeated", "extractor", "attack"])
    # The first FaceNet was known to an attack, those trained anew were not; clean errors know no attack.
    assert set(table.index) == {
        *{("training", "facenet", "none"), ("training", "facenet", "noisy")},
        *{("attack", "facenet", "noisy"), ("attack", "clip", "noisy")},
        *(("split", extractor, attack) for extractor in ATTACKS for attack in ("none", "noisy", "still")),
    }
    for key, row in table[table.index.get_level_values(0) != "split"].iterrows():
        own = errors.set_index(["repeated", "extractor", "attack"]).sort_index().loc[[key]]
        values = np.array([own.loc[own["seed"] == seed, "error"] for seed in sorted(own["seed"].unique())])
        assert row["protection_rate"] == pytest.approx(values.mean())
        assert (row["n_seeds"], row["n_users"], row["n_probes"]) == (len(values), 4, 40)
        assert (row["lowest_seed"], row["highest_seed"]) == pytest.approx(
            (values.mean(axis=1).min(), values.mean(axis=1).max())
        )
        parts = components(values)
        assert row["share_of_seeds"] == pytest.approx(parts.share_of_seeds)
        assert row[["sd_seeds", "sd_users", "sd_rest"]].tolist() == pytest.approx(
            [parts.seeds**0.5, parts.users**0.5, parts.rest**0.5]
        )
        clean = errors[(errors["repeated"] == key[0]) & (errors["extractor"] == key[1]) & (errors["attack"] == "none")]
        assert row["clean_error"] == pytest.approx(clean.groupby("user")["error"].mean().mean())
    assert table["low"].le(table["protection_rate"]).all()
    assert table["high"].ge(table["protection_rate"]).all()


def test_other_users_are_averaged_together(errors):
    table = table_of(errors).set_index(["repeated", "extractor", "attack"]).loc["split"]
    for key, row in table.iterrows():
        own = errors[(errors["repeated"] == "split") & (errors["extractor"] == key[0]) & (errors["attack"] == key[1])]
        assert row["n_users"] == 6
        assert row["protection_rate"] == pytest.approx(own.groupby("user")["error"].mean().mean())
        by_seed = own.groupby("seed")["error"].mean()
        assert (row["lowest_seed"], row["highest_seed"]) == pytest.approx((by_seed.min(), by_seed.max()))
        parts = components_of_others([own.loc[own["seed"] == seed, "error"].to_numpy() for seed in (1, 4)])
        assert row["share_of_seeds"] == pytest.approx(parts.share_of_seeds)
    assert (table["share_of_seeds"] > 0).any()


def test_a_single_user_has_no_components(errors):
    table = table_of(errors[errors["user"] == "u"])
    assert table["share_of_seeds"].isna().all()
    assert (table["lowest_seed"] <= table["protection_rate"]).all()

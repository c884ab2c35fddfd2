"""All users of a cloak at once, and one at a time, against sorting the whole gallery; and the matrices."""

import json

import numpy as np
import pandas as pd
import pytest
from close_embeddings import EXACT, clusters, full_matrix, in_gallery_order, lattice, records
from figures_read_back import svg_of, texts
from rate_figures import FIGURE
from rate_tables import ATTACKS, rate_table

from uncloak.experiments.given import Given
from uncloak.experiments.ranks.measure import rank_errors
from uncloak.experiments.transfer_grid.figure import grid
from uncloak.experiments.transfer_grid.measure import RANKS, grid_errors, measure
from uncloak.pictures.split import write_split
from uncloak.recognition.comparing import compare
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.rates import protection_rates
from uncloak.store import write_arrays

NAMES = {"dataset": "d", "extractor": "e", "seed": 7}
KEY = ["attack", "among", "rank", "user"]


def posted_plain(attacked):
    return {attack: faces for (attack, channel), faces in attacked.items() if channel == "png" and attack != "none"}


@pytest.mark.parametrize(("make", "metric"), [*EXACT, (lattice, "euclidean")])
def test_equals_sorting_the_gallery_as_everybody_posted(make, metric):
    split, clean, attacked = records(make(np.random.default_rng(1)))
    posted = posted_plain(attacked)
    table = grid_errors(clean, posted, clean, split, metric, **NAMES)
    assert tuple(table.columns) == (*COLUMNS, "among", "posters")
    gallery, probes = in_gallery_order(split)
    owners, users = gallery["identity"].to_numpy(), (gallery["role"] == "user").to_numpy()
    everyone = clean.rows(gallery["picture"])
    expected = {}
    for attack in ("none", *posted):
        for user in sorted(set(owners[users])):
            for posters, theirs in (("one", users & (owners == user)), ("all", users)):
                faces = everyone.copy()
                faces[theirs] = posted.get(attack, clean).rows(gallery["picture"][theirs])
                asked = clean.rows(probes.loc[probes["identity"] == user, "picture"])
                ranked = [owners[np.argsort(row, kind="stable")] for row in full_matrix(asked, faces, metric)]
                for rank in RANKS:
                    pictures = [user not in row[:rank] for row in ranked]
                    identities = [user not in list(dict.fromkeys(row))[:rank] for row in ranked]
                    expected[posters, "pictures", rank, attack, user] = np.mean(pictures)
                    expected[posters, "identities", rank, attack, user] = np.mean(identities)
    measured = {(row.posters, row.among, row.rank, row.attack, row.user): row.error for row in table.itertuples()}
    assert measured == expected


def test_one_at_a_time_is_what_the_ranks_say_and_all_at_once_is_not():
    split, clean, attacked = records(clusters(np.random.default_rng(1)))
    posted = posted_plain(attacked)
    table = grid_errors(clean, posted, clean, split, "euclidean", **NAMES)
    compared = compare(clean, {(attack, "png"): faces for attack, faces in posted.items()}, split, "euclidean")
    ranks = rank_errors(compared, {attack: {} for attack in posted}, **NAMES)
    by = {posters: rows.set_index(KEY)["error"].sort_index() for posters, rows in table.groupby("posters")}
    alone = ranks[ranks["rank"].isin(RANKS)].set_index(KEY)["error"].sort_index()
    assert by["one"].equals(alone)
    assert not by["all"].equals(alone)
    assert by["all"]["none"].equals(alone["none"])


def test_averaged_rates_have_the_clean_error_of_their_own_row():
    split, clean, attacked = records(clusters(np.random.default_rng(1)))
    rates = protection_rates(grid_errors(clean, posted_plain(attacked), clean, split, "euclidean", **NAMES))
    assert len(rates) == 2 * 2 * 2 * 3  # posters, among, ranks, attacks
    for _, rows in rates.groupby(["posters", "among", "rank"]):
        assert rows["clean_error"].nunique() == 1
        assert rows["clean_error"].iloc[0] == rows.loc[rows["attack"] == "none", "protection_rate"].item()


def test_matrices_by_who_posts_and_rank_have_the_attacks_in_lines():
    tables = [
        rate_table(scale=scale).assign(rank=rank, posters=posters)
        for posters in ("one", "all")
        for rank, scale in ((1, 1.0), (50, 0.5))
    ]
    lines = {name: f"{label}, made for X" for name, label in ATTACKS.items() if name != "none"}
    table = pd.concat(tables, ignore_index=True)
    chart = grid(table, lines, {"none": "", "blur": "blurred"}, *FIGURE)
    panels = json.loads(chart.to_json())["concat"]
    assert [panel["title"]["text"] for panel in panels] == [
        "All users post at once, the 50 nearest",
        "All users post at once, the nearest",
        "One user posts at a time, the 50 nearest",
        "One user posts at a time, the nearest",
    ]
    for panel in panels:
        assert panel["layer"][0]["encoding"]["y"]["scale"]["domain"] == ["none", *lines]
    said = " ".join(texts(svg_of(chart)))
    assert "LowKey, made for X" in said
    assert "no attack" in said


def test_without_distractors_they_are_in_nobodys_way(tmp_path):
    split, clean, attacked = records(clusters(np.random.default_rng(1)))
    posted = posted_plain(attacked)
    write_split(split, tmp_path / "split.csv")
    of_users = (split["role"] == "user") & (split["part"] == "gallery")
    for name, embeddings in {"clean": clean, **posted}.items():
        pictures = split["picture"] if name == "clean" else split.loc[of_users, "picture"]
        content = {"embedding": embeddings.rows(pictures), "picture": pictures.to_numpy(str)}
        write_arrays(tmp_path / f"{name}.h5", content, {})
    files = {"gallery": ["clean"], "probes": ["clean"], "posted": [*posted]}
    paths = {name: [str(tmp_path / f"{each}.h5") for each in those] for name, those in files.items()}
    told = {"recognizers": [{"extractor": "e", "defense": "none", "attacks": [*posted]}], "metric": "euclidean"}
    tables = {}
    for whole in (True, False):
        says = {**told, "dataset": "d", "seed": 7, "options": {"distractors": whole}}
        given = Given({**paths, "split": [str(tmp_path / "split.csv")]}, says)
        tables[whole] = measure(given)
        left = split if whole else split[split["role"] != "distractor"]
        assert tables[whole].equals(grid_errors(clean, posted, clean, left, "euclidean", **NAMES))
    errors = {whole: table["error"].to_numpy() for whole, table in tables.items()}
    assert (errors[False] <= errors[True]).all()
    assert (errors[False] < errors[True]).any()

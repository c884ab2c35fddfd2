"""All users of a cloak at once, and one at a time, against sorting the whole gallery; and the matrices."""

import json

import numpy as np
import pandas as pd
import pytest
from close_embeddings import EXACT, clusters, full_matrix, in_gallery_order, lattice, make_split, records
from figures_read_back import svg_of, texts
from rate_figures import FIGURE
from rate_tables import ATTACKS, rate_table

from uncloak.experiments.given import Given
from uncloak.experiments.ranks.measure import rank_errors
from uncloak.experiments.transfer_grid.figure import grid
from uncloak.experiments.transfer_grid.measure import RANKS, choose, grid_errors, measure
from uncloak.pictures.split import write_split
from uncloak.recognition.comparing import compare
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.rates import protection_rates
from uncloak.store import write_arrays

NAMES = {"dataset": "d", "extractor": "e", "seed": 7}
KEY = ["attack", "among", "rank", "user"]


def posted_plain(attacked):
    return {posting: faces for posting, faces in attacked.items() if posting[1] == "png"}


def brute_force(gallery, probes, clean, posted, metric):
    """Errors by (posting, user, posters, among, rank) where the gallery is sorted for each probe."""
    owners, users = gallery["identity"].to_numpy(), (gallery["role"] == "user").to_numpy()
    everyone, errors = clean.rows(gallery["picture"]), {}
    for posting in (("none", "png"), *posted):
        for user in sorted(set(owners[users])):
            for posters, theirs in (("one", users & (owners == user)), ("all", users)):
                faces = everyone.copy()
                faces[theirs] = posted.get(posting, clean).rows(gallery["picture"][theirs])
                asked = clean.rows(probes.loc[probes["identity"] == user, "picture"])
                ranked = [owners[np.argsort(row, kind="stable")] for row in full_matrix(asked, faces, metric)]
                for rank in RANKS:
                    pictures = [user not in row[:rank] for row in ranked]
                    identities = [user not in list(dict.fromkeys(row))[:rank] for row in ranked]
                    errors[posting, user, posters, "pictures", rank] = np.mean(pictures)
                    errors[posting, user, posters, "identities", rank] = np.mean(identities)
    return errors


def found_in(table):
    return {
        ((row.attack, row.channel), row.user, row.posters, row.among, row.rank): row.error for row in table.itertuples()
    }


@pytest.mark.parametrize(("make", "metric"), [*EXACT, (lattice, "euclidean")])
def test_equals_sorting_the_gallery_as_everybody_posted(make, metric):
    split, clean, attacked = records(make(np.random.default_rng(1)))
    posted = posted_plain(attacked)
    table = grid_errors(clean, posted, clean, split, metric, **NAMES)
    assert tuple(table.columns) == (*COLUMNS, "among", "posters", "gallery")
    assert set(table["gallery"]) == {"whole"}
    assert found_in(table) == brute_force(*in_gallery_order(split), clean, posted, metric)


def test_small_galleries_and_channels_equal_sorting_what_is_left_of_everybodys_pictures():
    split, clean, attacked = records(clusters(np.random.default_rng(1)))
    gallery, probes = in_gallery_order(split)
    table = grid_errors(clean, attacked, clean, split, "euclidean", **NAMES, sizes=(2, 9), choices=3)
    whole, nine, two = (table[table["gallery"] == name] for name in ("whole", "9", "2"))
    # What a site did to clean pictures is an attack of its own here, and a small gallery is of plain pictures.
    assert found_in(whole) == brute_force(gallery, probes, clean, attacked, "euclidean")
    assert set(two["channel"]) == {"png"}
    chosen = [choose(gallery, 2, choice, NAMES["seed"]) for choice in range(3)]
    for each in chosen:
        assert each.groupby("identity").size().eq(2).all()
        assert each["picture"].is_unique
        assert set(each["picture"]) <= set(gallery["picture"])
    assert len({tuple(each["picture"]) for each in chosen}) == 3
    plain = posted_plain(attacked)
    by_choice = [brute_force(each, probes, clean, plain, "euclidean") for each in chosen]
    found = found_in(two)
    assert found.keys() == by_choice[0].keys()
    assert found == {key: pytest.approx(np.mean([errors[key] for errors in by_choice])) for key in found}
    # Nobody has more than five.
    of_whole = found_in(whole)
    assert found_in(nine) == {key: pytest.approx(of_whole[key]) for key in found}
    rates = protection_rates(table).query("attack == 'none' and channel == 'png' and rank == 1 and posters == 'all'")
    errors = rates.groupby("gallery")["protection_rate"].first()
    assert errors["2"] > errors["whole"] > 0


def test_a_persons_choice_is_nobody_elses_and_smaller_ones_lie_in_larger_ones():
    gallery, _ = in_gallery_order(make_split())
    alone = gallery[gallery["identity"] != gallery["identity"].iloc[0]]
    larger, smaller, others = choose(gallery, 3, 0, 1), choose(gallery, 2, 0, 1), choose(alone, 3, 0, 1)
    assert set(smaller["picture"]) < set(larger["picture"])
    assert set(others["picture"]) == set(larger.loc[larger["identity"].isin(alone["identity"]), "picture"])


def test_one_at_a_time_is_what_the_ranks_say_and_all_at_once_is_not():
    split, clean, attacked = records(clusters(np.random.default_rng(1)))
    posted = posted_plain(attacked)
    table = grid_errors(clean, posted, clean, split, "euclidean", **NAMES)
    compared = compare(clean, posted, split, "euclidean")
    ranks = rank_errors(compared, {attack: {} for attack, _ in posted}, **NAMES)
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
        rate_table(scale=scale).assign(rank=rank, posters=posters, gallery="whole")
        for posters in ("one", "all")
        for rank, scale in ((1, 1.0), (50, 0.5))
    ]
    lines = {name: f"{label}, made for X" for name, label in ATTACKS.items() if name != "none"}
    table = pd.concat(tables, ignore_index=True)
    chart = grid(table, lines, {"none": "", "blur": "blurred"}, {"png": ""}, *FIGURE)
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
    for name, embeddings in {"clean": clean, **{attack: faces for (attack, _), faces in posted.items()}}.items():
        pictures = split["picture"] if name == "clean" else split.loc[of_users, "picture"]
        content = {"embedding": embeddings.rows(pictures), "picture": pictures.to_numpy(str)}
        write_arrays(tmp_path / f"{name}.h5", content, {})
    files = {"gallery": ["clean"], "probes": ["clean"], "posted": [attack for attack, _ in posted]}
    paths = {name: [str(tmp_path / f"{each}.h5") for each in those] for name, those in files.items()}
    recognizer = {"extractor": "e", "defense": "none", "postings": [*posted]}
    told = {"recognizers": [recognizer], "metric": "euclidean", "dataset": "d", "seed": 7}
    tables = {}
    for whole in (True, False):
        says = {**told, "options": {"gallery": None, "choices": 1, "distractors": whole}}
        given = Given({**paths, "split": [str(tmp_path / "split.csv")]}, says)
        tables[whole] = measure(given)
        left = split if whole else split[split["role"] != "distractor"]
        assert tables[whole].equals(grid_errors(clean, posted, clean, left, "euclidean", **NAMES))
    errors = {whole: table["error"].to_numpy() for whole, table in tables.items()}
    assert (errors[False] <= errors[True]).all()
    assert (errors[False] < errors[True]).any()


def test_matrices_say_what_they_differ_in():
    plain = rate_table().assign(rank=1, posters="all", gallery="whole")
    table = pd.concat(
        [plain, plain.assign(channel="jpeg75"), plain.assign(defense="poor"), plain.assign(gallery="5")],
        ignore_index=True,
    )
    lines = {name: label for name, label in ATTACKS.items() if name != "none"}
    chart = grid(table, lines, {"none": "", "poor": "small probes"}, {"png": "", "jpeg75": "JPEG 75"}, *FIGURE)
    assert [panel["title"]["text"].removeprefix("All users post at once, ") for panel in chart.to_dict()["concat"]] == [
        "the nearest",
        "the nearest, at most 5 pictures of everybody",
        "the nearest, JPEG 75",
        "the nearest, small probes",
    ]

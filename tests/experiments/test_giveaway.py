"""Signs of a cloak in a user's gallery, against distances written out one by one."""

import embedded_crowd as crowd
import numpy as np
import pandas as pd
import pytest
from configurations import configuration
from figures_read_back import color_of, panels_of, svg_of, symbols, texts
from sklearn.cluster import KMeans

from uncloak.errors import InputError
from uncloak.experiments.giveaway import Options
from uncloak.experiments.giveaway.figure import draw, giveaway
from uncloak.experiments.giveaway.measure import ALL, average, signs
from uncloak.experiments.given import Given
from uncloak.experiments.unprotected.measure import permutations
from uncloak.plan import experiments
from uncloak.plan.asked import Asked
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.intervals import rate_interval
from uncloak.tables import write_table

SPLIT = crowd.make_split()
SETTINGS = {"metric": "euclidean", "shares": (0.0, 0.3, 0.5), "choices": 3, "deviations": 1.0, "seed": 3}
AIMED = {"c": "x", "x": "m", "m": "p", "p": "c"}
STRANGERS = [name for name, role in crowd.ROLES.items() if role not in ("user", "background")]


def aims():
    """Of each posted picture a picture of the next user, two of whose pictures are taken."""
    posted = crowd.posted_pictures(SPLIT)
    targets = [f"{AIMED[picture.split('/')[0]]}/{int(picture[-1]) % 2}" for picture in posted]
    return pd.Series(targets, index=posted)


def faces_of(clean, name):
    return np.float64(clean.rows([f"{name}/{k}" for k in range(crowd.GALLERY)]))


def apart(faces):
    """The distance of the two centers by scikit-learn, from the two faces that lie farthest apart."""
    pairs = [(np.linalg.norm(one - two), i, j) for i, one in enumerate(faces) for j, two in enumerate(faces)]
    _, first, last = max(pairs, key=lambda pair: (pair[0], -pair[1], -pair[2]))
    found = KMeans(2, init=faces[[first, last]], n_init=1, algorithm="lloyd", tol=0).fit(faces)
    return np.linalg.norm(np.subtract(*found.cluster_centers_))


def directly(clean, posted):
    people = {name: faces_of(clean, name) for name in STRANGERS}
    usual = [apart(faces) for faces in people.values()]
    centers = {name: faces.mean(axis=0) for name, faces in people.items()}
    between = [np.linalg.norm(centers[a] - centers[b]) for a in STRANGERS for b in STRANGERS if a < b]
    expected = {}
    for attack, embeddings in posted.items():
        for user in crowd.USERS:
            pictures = [f"{user}/{k}" for k in range(crowd.GALLERY)]
            orders = permutations(len(pictures), SETTINGS["choices"], user, SETTINGS["seed"])
            for share, count in ((0.0, 0), (0.3, 2), (0.5, 3), (ALL, 5)):
                by_sign = {}
                for order in orders:
                    uncloaked = set(order[:count])
                    seen = [(clean if k in uncloaked else embeddings).rows([p])[0] for k, p in enumerate(pictures)]
                    faces = np.float64(seen)
                    near = min(np.linalg.norm(faces.mean(axis=0) - center) for center in centers.values())
                    by_sign.setdefault("two centers", []).append((apart(faces) - np.mean(usual)) / np.std(usual))
                    by_sign.setdefault("nearest person", []).append((np.mean(between) - near) / np.std(between))
                    if attack == "fawkes":
                        aim = np.mean([np.float64(clean.rows([f"{AIMED[user]}/{k}"])[0]) for k in (0, 1)], axis=0)
                        off = np.mean(between) - np.linalg.norm(faces.mean(axis=0) - aim)
                        by_sign.setdefault("target", []).append(off / np.std(between))
                for sign, values in by_sign.items():
                    found = np.mean([value > SETTINGS["deviations"] for value in values])
                    expected[attack, sign, share, user] = (np.mean(values), found, count)
    return expected


def measured(table):
    keys = ["attack", "sign", "uncloaked", "user"]
    return {tuple(row[:4]): tuple(row[4:]) for row in table[[*keys, "deviations", "found", "n_uncloaked"]].to_numpy()}


def test_signs_are_distances_in_deviations_from_what_is_usual():
    clean, posted = crowd.make_embeddings(crowd.clusters, 5)
    table = signs(clean, posted, SPLIT, {"fawkes": aims()}, **SETTINGS)
    expected = directly(clean, posted)
    actual = measured(table)
    assert actual.keys() == expected.keys()
    for key, values in expected.items():
        assert actual[key] == pytest.approx(values, abs=1e-9), key
    assert 0 < table["found"].mean() < 1
    assert set(table.loc[table["uncloaked"].isin([0, ALL]), "n_choices"]) == {1}
    assert set(table.loc[table["uncloaked"].between(0.1, 0.9), "n_choices"]) == {SETTINGS["choices"]}


def test_a_cloak_shows_where_some_pictures_are_uncloaked_and_at_its_target():
    clean, _ = crowd.make_embeddings(crowd.clusters, 1)
    pictures = crowd.posted_pictures(SPLIT)
    # All that a user posts becomes the next user's very faces.
    moved = [f"{AIMED[picture.split('/')[0]]}/{picture[-1]}" for picture in pictures]
    posted = {"fawkes": Embeddings(50 + clean.rows(moved), pictures, "fawkes")}
    table = signs(clean, posted, SPLIT, {}, **{**SETTINGS, "deviations": 10.0})
    found = table.groupby(["sign", "uncloaked"])["found"].mean()
    assert found["two centers"].to_dict() == {0.0: 0.0, 0.3: 1.0, 0.5: 1.0, ALL: 0.0}
    posted = {"fawkes": Embeddings(clean.rows(moved), pictures, "fawkes")}
    target = pd.Series(moved, index=pictures)
    table = signs(clean, posted, SPLIT, {"fawkes": target}, **SETTINGS)
    rows = table[(table["sign"] == "target") & (table["uncloaked"] == 0)]
    most = table.loc[table["sign"] == "target", "deviations"].max()
    # Nobody can be nearer than the target, on whom the user's center lies.
    assert rows["deviations"].tolist() == [most] * len(rows)


def test_what_is_usual_needs_three_people_whose_pictures_differ():
    clean, posted = crowd.make_embeddings(crowd.clusters, 5)
    few = SPLIT[SPLIT["identity"].isin([*crowd.USERS, *STRANGERS[:2]])]
    same = Embeddings(np.ones((len(SPLIT), 6)), SPLIT["picture"], "clean")
    for embeddings, split in ((clean, few), (same, SPLIT)):
        with pytest.raises(InputError, match="giveaway: what is usual is learned from people who are no users, three"):
            signs(embeddings, posted, split, {}, **SETTINGS)


def averaged():
    """The average of a measured table, and that table."""
    clean, posted = crowd.make_embeddings(crowd.clusters, 5)
    table = signs(clean, posted, SPLIT, {"fawkes": aims()}, **SETTINGS)
    table = table.assign(dataset="d", extractor="e", metric="euclidean")
    about = {"extractor": "e", "defense": "none", "extractor_label": "E", "defense_label": "none"}
    told = {
        "attacks": {name: {"label": name.title(), "released": "2020-07-29"} for name in crowd.ATTACKS},
        "recognizers": [{**about, "released": "2015-01-01", "known_to": ["fawkes"]}],
        "seed": 3,
    }
    return average(Given({}, told), table), table


def test_averages_are_over_users_beside_their_own_uncloaked_galleries():
    rows, table = averaged()
    assert len(rows) == 2 * 2 * 4 + 4
    row = rows[(rows["attack"] == "fawkes") & (rows["sign"] == "target") & (rows["uncloaked"] == 0.3)].iloc[0]
    of_sign = table[(table["attack"] == "fawkes") & (table["sign"] == "target")]
    own, before = (of_sign[of_sign["uncloaked"] == share] for share in (0.3, ALL))
    assert row["found"] == pytest.approx(own["found"].mean())
    assert (row["low"], row["high"]) == pytest.approx(rate_interval(own["found"].to_numpy(), np.full(4, 3)))
    assert row["above_uncloaked"] == pytest.approx(own["found"].mean() - before["found"].mean())
    assert row["above_uncloaked_low"] <= row["above_uncloaked"] <= row["above_uncloaked_high"]
    assert row["deviations"] == pytest.approx(own["deviations"].mean())
    assert row["deviations_low"] < row["deviations"] < row["deviations_high"]
    assert (row["n_users"], row["n_pictures"], row["n_uncloaked"]) == (4, 20, 2)
    assert rows.set_index("attack")["white_box"].groupby("attack").first().to_dict() == {
        "fawkes": True,
        "lowkey": False,
    }


def test_figure_has_a_row_of_panels_per_sign_and_the_limit():
    rows, _ = averaged()
    drawn = svg_of(giveaway(rows, crowd.ATTACKS, 2.5, "Title", "Subtitle"))
    assert [text for text in texts(drawn) if "than usual" in text] == [
        "Two centers of the user's pictures, farther apart than usual",
        "Center of the user's pictures, nearer to some other person than usual",
        "Center of the user's pictures, nearer to the person aimed at than usual",
    ]
    panels = panels_of(drawn)
    assert len(panels) == 3
    for sign, panel in zip(("two centers", "nearest person"), panels, strict=False):
        own = rows[(rows["sign"] == sign) & (rows["attack"] == "lowkey")].sort_values("uncloaked")
        places = symbols(panel, color_of("lowkey"))
        # Along the shares, and the higher the more deviations.
        np.testing.assert_allclose(places[:, 0] / 250, own["uncloaked"], atol=1e-3)
        assert np.corrcoef(places[:, 1], own["deviations"])[0, 1] == pytest.approx(-1, abs=1e-3)
    assert not len(symbols(panels[2], color_of("lowkey")))
    assert all(panel.count("stroke-dasharray") == 1 for panel in panels)


def test_a_stored_table_is_drawn_of_the_extractors_asked_for(tmp_path):
    rows, _ = averaged()
    write_table(pd.concat([rows, rows.assign(extractor="another", deviations=99.0)]), tmp_path / "table.csv")
    attacks = {name: name.title() for name in (*crowd.ATTACKS, "of another dataset")}
    told = {"extractors": ["e"], "attacks": attacks, "options": {"deviations": 2.5}, "dataset": "d", "seed": 3}
    given = Given({"table": [str(tmp_path / "table.csv")]}, {**told, "dataset_label": "drawn faces", "title": "Seen?"})
    chart, drawn = draw(given)
    assert set(drawn["extractor"]) == {"e"}
    said = " ".join(texts(svg_of(chart)))
    assert all(word in said for word in ("Seen?", "Means over 4 users", "drawn faces", "Fawkes", "Seed 3"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shares": (0.0, 1.0)}, "shares must be different numbers from 0 to below 1"),
        ({"shares": ()}, "shares must be"),
        ({"shares": (0.1, 0.1)}, "shares must be"),
        ({"choices": 0}, "choices is 0; it must be at least 1"),
        ({"deviations": 0.0}, "deviations is 0.0; it must be a number above 0"),
    ],
)
def test_wrong_options_are_told(given, message):
    with pytest.raises(InputError, match=message):
        Options(**given)


def test_mixtures_are_left_out_and_targets_elsewhere_are_not_looked_at():
    config = configuration()
    asked = Asked(config, "giveaway", "synthetic")
    files = asked.files()
    assert asked.told()["aimed"] == ["fawkes_v10_collusion"]
    assert files["targets"] == ["results/synthetic/perturbed/targets/fawkes_v10_collusion.csv"]
    assert len(files["posted"]) == len(asked.told()["attacks"]) * len(files["clean"])
    config["experiments"]["giveaway"]["attacks"] = ["fawkes_v10", "fawkes_half"]
    assert Asked(config, "giveaway", "synthetic").told()["attacks"] == ["fawkes_v10"]
    config["experiments"]["giveaway"]["attacks"] = ["fawkes_half"]
    assert experiments.made(config, "giveaway") == []

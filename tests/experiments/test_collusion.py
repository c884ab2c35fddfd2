"""What colluding users' probes are taken for, against a search written out face by face."""

import embedded_crowd as crowd
import numpy as np
import pandas as pd
import pytest

from uncloak.attacks.targets import partners as choose_partners
from uncloak.errors import InputError
from uncloak.experiments.collusion.measure import SHARES, evaluate_collusion, read_partners
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.flags import Flags

EXTRACTORS = ["accurate", "robust", "old"]
SYSTEMS = {
    "unsure": {"accurate": "accurate", "robust": "robust"},
    # Of the same extractor, with its own threshold.
    "strict": {"accurate": "accurate", "robust": "old"},
    "swapped": {"accurate": "old", "robust": "accurate"},
}
THRESHOLDS = {"unsure": 3.0, "strict": 1.0, "swapped": 2.0}
PARTNERS = {"c": "x", "x": "m", "m": "p", "p": "c"}
KEYS = ["attack", "extractor", "defense", "user"]
MEASURES = ["error", *SHARES]


def make_scores(split, seed=0, share=0.5):
    """Return a detector's scores of all gallery faces, clean and posted."""
    pictures, posted = list(split.loc[split["part"] == "gallery", "picture"]), crowd.posted_pictures(split)
    faces = [("clean", picture) for picture in pictures]
    faces += [(attack, picture) for attack in crowd.ATTACKS for picture in posted]
    scores = np.random.default_rng(seed).random(len(faces))
    table = pd.DataFrame(faces, columns=["posting", "picture"])
    return table.assign(score=np.where(scores < share, 0.5, 0.49))


def make_records(make, seed):
    made = {extractor: crowd.make_embeddings(make, seed + 10 * k) for k, extractor in enumerate(EXTRACTORS)}
    return {name: clean for name, (clean, _) in made.items()}, {name: posted for name, (_, posted) in made.items()}


def run(clean, posted, **options):
    split = crowd.make_split()
    settings = {
        **{"split": split, "partners": PARTNERS, "systems": SYSTEMS, "thresholds": THRESHOLDS},
        **{"flags": Flags([make_scores(split)]), "detector": "looks", "dataset": "d", "seed": 3, **options},
    }
    return evaluate_collusion(clean, posted, **settings)


def measured(table):
    return {tuple(row[:4]): tuple(row[4:]) for row in table[[*KEYS, *MEASURES]].to_numpy()}


def brute_force(clean, posted, scores):
    split = crowd.make_split()
    flagged = {(row.posting, row.picture) for row in scores.itertuples() if row.score >= 0.5}
    expected = {}
    for attack in ("none", *crowd.ATTACKS):
        found = {}
        for extractor in EXTRACTORS:
            faces = crowd.clean_gallery(split, clean[extractor])
            if attack != "none":
                for user, picture in faces:
                    if user in crowd.USERS:
                        faces[user, picture] = posted[extractor][attack].rows([picture])[0]
            for probe in crowd.probes_of(split, crowd.USERS):
                found[extractor, probe] = crowd.nearest(clean[extractor].rows([probe])[0], faces)
        for user in crowd.USERS:
            taken = {}
            for probe in crowd.probes_of(split, [user]):
                for extractor in EXTRACTORS:
                    key = attack, extractor, "none", user
                    taken.setdefault(key, []).append((found[extractor, probe][1], False))
                for defense, models in SYSTEMS.items():
                    distance, name, picture = found[models["accurate"], probe]
                    unsure = distance > THRESHOLDS[defense]
                    is_posted = attack != "none" and name in crowd.USERS
                    suspicious = (attack if is_posted else "clean", picture) in flagged
                    for used, passed in ((defense, unsure), (f"{defense}+looks", unsure or suspicious)):
                        answer = found[models["robust"], probe][1] if passed else name
                        key = attack, models["accurate"], used, user
                        taken.setdefault(key, []).append((answer, passed))
            for key, answers in taken.items():
                names, passed = zip(*answers, strict=True)
                expected[key] = (
                    np.mean([name != user for name in names]),
                    np.mean([name == PARTNERS[user] for name in names]),
                    np.mean([name not in (user, PARTNERS[user]) for name in names]),
                    np.mean(passed),
                )
    return expected


@pytest.mark.parametrize("make", [crowd.clusters, crowd.lattice])
def test_equals_search_written_out(make):
    split = crowd.make_split()
    columns = []
    for seed in range(3):
        clean, posted = make_records(make, seed)
        scores = make_scores(split, seed)
        table = run(clean, posted, flags=Flags([scores]))
        expected = brute_force(clean, posted, scores)
        assert measured(table) == expected
        columns += list(expected.values())
    # Every share is seen between its ends.
    assert all(any(0 < value < 1 for value in column) for column in zip(*columns, strict=True))


def test_users_made_alike_are_taken_for_each_other():
    split = crowd.make_split()
    clean, posted = make_records(crowd.clusters, 0)
    aims_at = {partner: user for user, partner in PARTNERS.items()}
    pictures = crowd.posted_pictures(split)
    probes = {user: crowd.probes_of(split, [user]) for user in crowd.USERS}
    for extractor in ("accurate", "old"):
        names, numbers = zip(*(picture.split("/") for picture in pictures), strict=True)
        aims = [probes[aims_at[name]][int(number) % crowd.PROBES] for name, number in zip(names, numbers, strict=True)]
        faces = clean[extractor].rows(aims)
        posted[extractor]["fawkes"] = Embeddings(faces, pictures, "fawkes")
    flags = make_scores(split).assign(score=lambda table: np.where(table["posting"] == "fawkes", 1.0, 0.0))
    table = run(clean, posted, flags=Flags([flags]))
    rows = table[table["attack"] == "fawkes"].set_index(["extractor", "defense"]).sort_index()
    assert (rows.loc[("accurate", "none"), "taken_for_partner"] == 1).all()
    # A perfect match is confident, and only the detector tells it.
    assert (rows.loc[("accurate", "unsure"), ["taken_for_partner", "passed_on"]] == [1, 0]).all(axis=None)
    assert (rows.loc[("accurate", "unsure+looks"), "passed_on"] == 1).all()
    np.testing.assert_array_equal(
        rows.loc[("accurate", "unsure+looks"), "error"], rows.loc[("robust", "none"), "error"]
    )


def test_ends_of_flags_and_thresholds():
    split = crowd.make_split()
    clean, posted = make_records(crowd.clusters, 1)

    def rows(table, extractor, defense):
        chosen = table[(table["extractor"] == extractor) & (table["defense"] == defense)]
        return chosen[["attack", "user", "error", "taken_for_partner", "taken_for_other"]].to_numpy()

    nothing = run(clean, posted, flags=Flags([make_scores(split, share=-1)]))
    np.testing.assert_array_equal(rows(nothing, "accurate", "unsure+looks"), rows(nothing, "accurate", "unsure"))
    everything = run(clean, posted, flags=Flags([make_scores(split, share=2)]))
    np.testing.assert_array_equal(rows(everything, "accurate", "unsure+looks"), rows(everything, "robust", "none"))
    for threshold, alone in ((np.inf, "accurate"), (-1.0, "robust")):
        table = run(clean, posted, thresholds={**THRESHOLDS, "unsure": threshold})
        np.testing.assert_array_equal(rows(table, "accurate", "unsure"), rows(table, alone, "none"))


def test_table_is_tidy_whatever_the_order():
    clean, posted = make_records(crowd.lattice, 0)
    table = run(clean, posted, metric="cosine")
    assert list(table.columns) == [*COLUMNS, *SHARES]
    assert list(dict.fromkeys(table["attack"])) == ["none", *crowd.ATTACKS]
    assert len(table) == 3 * (3 + 2 * len(SYSTEMS)) * len(crowd.USERS)
    assert (table["classifier"] == "nearest neighbor").all()
    constants = {"dataset": "d", "channel": "png", "metric": "cosine", "unprotected": 0, "rank": 1, "seed": 3}
    for column, value in {**constants, "n_probes": crowd.PROBES}.items():
        assert (table[column] == value).all()
    split = crowd.make_split()
    for name, embeddings in clean.items():
        order = np.random.default_rng(1).permutation(len(split))
        clean[name] = Embeddings(embeddings.embedding[order], split["picture"].to_numpy()[order], "clean")
        posted[name] = dict(reversed(posted[name].items()))
    again = run(clean, posted, metric="cosine", split=split.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(again, table)


def test_partners_are_those_of_the_targets():
    split = crowd.make_split()
    pictures = np.array(crowd.posted_pictures(split))
    targets = pd.DataFrame({"picture": pictures, "target": pictures[choose_partners(pictures, 5)]})
    partners = read_partners(targets, split)
    assert sorted(partners) == sorted(partners.values()) == crowd.USERS
    for row in targets.itertuples():
        assert partners[row.target.split("/")[0]] == row.picture.split("/")[0]


def test_tells_what_is_wrong():
    split = crowd.make_split()
    clean, posted = make_records(crowd.clusters, 0)
    with pytest.raises(InputError, match="user 'p' has no partner; choose the targets from the same split"):
        run(clean, posted, partners={user: PARTNERS[user] for user in "cxm"})
    scores = make_scores(split)
    with pytest.raises(InputError, match="detector scores: have none of picture 'c/0' from 'lowkey'"):
        run(clean, posted, flags=Flags([scores[scores["posting"] != "lowkey"]]))
    with pytest.raises(InputError, match="attack 'lowkey' has no embeddings"):
        run(clean, {**posted, "old": {"fawkes": posted["old"]["fawkes"]}})
    zero = Embeddings(0 * posted["old"]["fawkes"].embedding, crowd.posted_pictures(split), "fawkes")
    with pytest.raises(InputError, match="has no direction"):
        run(clean, {**posted, "old": {**posted["old"], "fawkes": zero}}, metric="cosine")
    targets = pd.DataFrame({"picture": ["c/0", "m/0"], "target": ["m/1", "stranger/1"]})
    with pytest.raises(InputError, match="picture 'stranger/1' of the targets is not in the split"):
        read_partners(targets, split)
    for target in ("m/1", "x/0"):
        with pytest.raises(InputError, match="pair no users one to one"):
            read_partners(pd.DataFrame({"picture": ["c/0", "c/1", "x/1"], "target": ["m/1", target, "m/2"]}), split)

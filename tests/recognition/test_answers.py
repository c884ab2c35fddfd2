"""Trainers who ask two extractors, against recognition written out probe by probe."""

import dataclasses

import embedded_crowd as crowd
import numpy as np
import pandas as pd
import pytest

from uncloak.attacks.mixture import assign
from uncloak.defenses import confidence_threshold, top_2
from uncloak.errors import InputError
from uncloak.recognition.answers import answered_errors
from uncloak.recognition.comparing import compare
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.evaluation import COLUMNS

CHANNEL = "blur"
POSTINGS = [("none", "png"), ("none", CHANNEL)]
POSTINGS += [(attack, channel) for attack in ("fawkes", "half", "lowkey") for channel in (CHANNEL, "png")]


def one_extractor(make, seed, metric="euclidean"):
    """Return clean embeddings, those posted by (attack, channel), and the comparisons."""
    clean, png = crowd.make_embeddings(make, seed)
    users, blurred = crowd.make_embeddings(make, seed + 100)
    posted = {(attack, "png"): embeddings for attack, embeddings in png.items()}
    posted |= {(attack, CHANNEL): embeddings for attack, embeddings in blurred.items()}
    posted["none", CHANNEL] = users
    return clean, posted, compare(clean, posted, crowd.make_split(), metric)


def run(accurate, robust, defense, shares=crowd.SHARES, share=0.3):
    answer, options = {
        "top": (top_2.answer, top_2.Options("robust")),
        "unsure": (confidence_threshold.answer, confidence_threshold.Options("robust", share)),
    }[defense]
    names = {"dataset": "d", "extractor": "accurate", "defense": defense, "seed": 3}
    return answered_errors(accurate, robust, shares, answer, options, **names)


def threshold_of(comparisons, share):
    return confidence_threshold.confidence_threshold(comparisons, share)


def answers(clean, posted, attack, channel):
    """Return {probe: (squared distance, identity found)}, each user's gallery being under attack by that user alone."""
    split = crowd.make_split()
    found = {}
    for user in crowd.USERS:
        faces = crowd.clean_gallery(split, clean)
        pictures = [picture for name, picture in faces if name == user]
        made_by = assign(pictures, crowd.SHARES.get(attack) or {attack: 1}, 3)
        for picture, posting in zip(pictures, made_by, strict=True):
            if (posting, channel) != ("none", "png"):
                faces[user, picture] = posted[posting, channel].rows([picture])[0]
        for probe in crowd.probes_of(split, [user]):
            found[probe] = crowd.nearest(clean.rows([probe])[0], faces)[:2]
    return found


@pytest.mark.parametrize("make", [crowd.clusters, crowd.lattice])
def test_equals_systems_written_out(make):
    seen = set()
    for seed in range(3):
        accurate, robust = one_extractor(make, seed), one_extractor(make, seed + 50)
        threshold = threshold_of(accurate[2], 0.3)
        expected = {}
        for posting in POSTINGS:
            first, second = answers(*accurate[:2], *posting), answers(*robust[:2], *posting)
            for user in crowd.USERS:
                top, confident, passed = [], [], []
                for probe in crowd.probes_of(crowd.make_split(), [user]):
                    distance, name = first[probe]
                    top.append(user not in (name, second[probe][1]))
                    passed.append(distance > threshold)
                    confident.append((second[probe][1] if distance > threshold else name) != user)
                expected["top", *posting, user] = np.mean(top), 1
                expected["unsure", *posting, user] = np.mean(confident), np.mean(passed)
        table = pd.concat([run(accurate[2], robust[2], defense) for defense in ("top", "unsure")])
        keys = ["defense", "attack", "channel", "user"]
        measured = {tuple(row[:4]): tuple(row[4:]) for row in table[[*keys, "error", "passed_on"]].to_numpy()}
        assert measured == expected
        seen |= set(expected.values())
    assert len({error for error, _ in seen}) > 3
    if make is crowd.clusters:
        assert any(0 < passed_on < 1 for _, passed_on in seen)


@pytest.mark.parametrize("defense", ["top", "unsure"])
def test_table_is_tidy(defense):
    accurate, robust = one_extractor(crowd.clusters, 0, "cosine")[2], one_extractor(crowd.clusters, 1, "cosine")[2]
    table = run(accurate, robust, defense)
    assert list(table.columns) == [*COLUMNS, "passed_on"]
    assert list(table[["attack", "channel", "user"]].itertuples(index=False, name=None)) == [
        (*posting, user) for posting in POSTINGS for user in crowd.USERS
    ]
    constants = {"dataset": "d", "extractor": "accurate", "defense": defense, "metric": "cosine", "unprotected": 0}
    constants |= {"classifier": "nearest neighbor", "rank": 1, "n_probes": crowd.PROBES, "seed": 3}
    for column, value in constants.items():
        assert (table[column] == value).all()


def with_others(nearest, **changes):
    """Return comparisons whose other probes have these distances, half of them to a rival."""
    comparisons = one_extractor(crowd.clusters, 0)[2]
    nearest = np.asarray(nearest, dtype=np.float64)
    odd = np.arange(len(nearest)) % 2 == 1
    others = {
        "other_own_squared": np.where(odd, nearest, nearest + 1),
        "other_rival_squared": np.where(odd, np.inf, nearest),
    }
    return dataclasses.replace(comparisons, **others, **changes)


@pytest.mark.parametrize("share", [0.001, 0.02, 0.1, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("count", [1, 2, 10, 49, 50, 51, 100])
def test_threshold_is_the_smallest_that_fewer_probes_exceed(share, count):
    random = np.random.default_rng(count)
    for nearest in (random.random(count), random.integers(0, 3, count), np.ones(count)):
        # No distance is below zero, and between two of them a threshold passes as much as at the lower one.
        allowed = [t for t in sorted(nearest) if np.count_nonzero(nearest > t) < round(share * count, 9)]
        assert threshold_of(with_others(nearest), share) == allowed[0]


def test_shares_are_decimals_and_less_is_strict():
    assert threshold_of(with_others(np.arange(50)), 0.02) == 49
    assert threshold_of(with_others(np.arange(51)), 0.02) == 49
    # In floating point 0.07 of 100 is a little more than 7.
    assert threshold_of(with_others(np.arange(100)), 0.07) == 93


def test_a_distance_at_the_threshold_is_confident():
    robust = one_extractor(crowd.clusters, 1)[2]
    accurate = with_others([1.0])
    nearest = np.minimum(accurate.own_squared[:, 0].min(axis=1), accurate.rival_squared[:, 0])
    middle = np.sort(nearest)[len(nearest) // 2]
    table = run(with_others([middle]), robust, "unsure", share=1.0)
    rows = table[(table["attack"] == "none") & (table["channel"] == "png")]
    assert rows["passed_on"].mean() == np.mean(nearest > middle) != np.mean(nearest >= middle)


def test_threshold_reads_no_user():
    split = crowd.make_split()
    clean, posted, comparisons = one_extractor(crowd.clusters, 4)
    values = clean.embedding.copy()
    users = split["role"].eq("user").to_numpy()
    # Users in the midst of the others would be everybody's nearest.
    values[users] = values[~users].mean(axis=0) + 0.01 * values[users]
    moved = compare(Embeddings(values, split["picture"], "clean"), posted, split, "euclidean")
    assert not np.array_equal(moved.own_squared, comparisons.own_squared)
    for share in (0.02, 0.3, 0.7):
        assert threshold_of(moved, share) == threshold_of(comparisons, share)


@pytest.mark.parametrize("defense", ["top", "unsure"])
def test_order_of_attacks_and_embeddings_does_not_matter(defense):
    accurate, robust = one_extractor(crowd.lattice, 0), one_extractor(crowd.lattice, 1)
    split = crowd.make_split()
    order = np.random.default_rng(0).permutation(len(split))
    clean, posted, _ = accurate
    shuffled = Embeddings(clean.embedding[order], split["picture"].to_numpy()[order], "clean")
    again = compare(shuffled, dict(reversed(posted.items())), split.iloc[order], "euclidean")
    backwards = dict(reversed(crowd.SHARES.items()))
    table = run(again, robust[2], defense, backwards)
    pd.testing.assert_frame_equal(table, run(accurate[2], robust[2], defense))


def test_tells_what_is_wrong():
    clean, posted, accurate = one_extractor(crowd.clusters, 0)
    robust = one_extractor(crowd.clusters, 1)[2]
    for share in (0, -0.1, 1.5, float("nan")):
        with pytest.raises(InputError, match=f"share of probes is {share}; it must be above 0 and at most 1"):
            threshold_of(accurate, share)
        with pytest.raises(InputError, match=f"share is {share}; it must be above 0 and at most 1"):
            confidence_threshold.Options("robust", share)
    with pytest.raises(InputError, match="probes of identities that are no users; give the split some"):
        run(with_others([]), robust, "unsure")
    for change in ({"metric": "cosine"}, {"probe": accurate.probe[::-1]}, {"posted": {}}, {"postings": ()}):
        with pytest.raises(InputError, match="differ in metric, postings, probes or pictures; make both again"):
            run(accurate, dataclasses.replace(robust, **change), "top")
    fewer = compare(clean, {("lowkey", "png"): posted["lowkey", "png"]}, crowd.make_split(), "euclidean")
    with pytest.raises(InputError, match=r"attack 'fawkes'.*compare its faces first"):
        run(fewer, fewer, "top")

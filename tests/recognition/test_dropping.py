"""Recognition without the gallery faces that a detector flags, against a search written out face by face."""

import embedded_crowd as crowd
import numpy as np
import pandas as pd
import pytest

from uncloak.attacks.mixture import assign
from uncloak.defenses import cloak_detector
from uncloak.errors import InputError
from uncloak.experiments.unprotected.measure import unprotected_errors
from uncloak.recognition.comparing import compare
from uncloak.recognition.dropping import without_dropped
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.flags import Flags
from uncloak.seeds import generator

COUNTS, CHOICES, SEED = [0, 1, 3, 5], 3, 3


def make_scores(clean_share, posted_share, seed=0):
    """Return a detector's scores, which flag these shares of the clean and of the posted faces."""
    split = crowd.make_split()
    gallery = list(split.loc[(split["part"] == "gallery") & (split["role"] != "background"), "picture"])
    faces = [("clean", picture) for picture in gallery]
    faces += [(attack, picture) for attack in crowd.ATTACKS for picture in crowd.posted_pictures(split)]
    table = pd.DataFrame(faces, columns=["posting", "picture"])
    shares = np.where(table["posting"] == "clean", clean_share, posted_share)
    return table.assign(score=np.where(np.random.default_rng(seed).random(len(table)) < shares, 0.5, 0.49))


def make_records(make, seed):
    clean, made = crowd.make_embeddings(make, seed)
    posted = {(attack, "png"): embeddings for attack, embeddings in made.items()}
    # Faces after a channel have no scores.
    posted |= {("none", "blur"): made["fawkes"], ("lowkey", "blur"): made["fawkes"]}
    return clean, made, compare(clean, posted, crowd.make_split(), "euclidean")


def run(clean, comparisons, *scores, split=None, shares=crowd.SHARES, threshold=0.5):
    """Return the errors where a face is dropped that one of these detectors flags."""
    names = tuple(f"detector {number}" for number in range(len(scores)))
    keeps = cloak_detector.gallery(scores, cloak_detector.Options(names, threshold))
    left = without_dropped(comparisons, clean, crowd.make_split() if split is None else split, keeps)
    return errors(left, shares, defense="cloak_detector")


def errors(comparisons, shares=crowd.SHARES, **names):
    settings = {"dataset": "d", "extractor": "e", "seed": SEED, "unprotected": COUNTS, "posted": [], "choices": CHOICES}
    return unprotected_errors(comparisons, shares, **settings, **names)


def measured(table):
    keys = ["attack", "unprotected", "user"]
    return {tuple(row[:3]): tuple(row[3:]) for row in table[[*keys, "error", "kept"]].to_numpy()}


def brute_force(clean, made, flagged):
    split = crowd.make_split()
    everybody = crowd.clean_gallery(split, clean)
    left = {name: face for name, face in everybody.items() if ("clean", name[1]) not in flagged}
    expected = {}
    for user in crowd.USERS:
        pictures = [picture for name, picture in sorted(everybody) if name == user]
        random = generator(SEED, "unprotected", user)
        orders = [random.permutation(len(pictures)) for _ in range(CHOICES)]
        settings = [("none", 0), *((attack, count) for attack in crowd.SHARES for count in COUNTS)]
        for attack, count in settings:
            made_by = assign(pictures, crowd.SHARES.get(attack) or {attack: 1}, SEED)
            errors, kept = [], []
            for order in orders:
                faces = {name: face for name, face in left.items() if name[0] != user}
                own = 0
                for place, picture in enumerate(pictures):
                    intact = attack == "none" or place in order[:count]
                    posting = "clean" if intact else made_by[place]
                    if (posting, picture) not in flagged:
                        faces[user, picture] = (clean if intact else made[posting]).rows([picture])[0]
                        own += 1
                kept.append(own)
                for probe in crowd.probes_of(split, [user]):
                    errors.append(not faces or crowd.nearest(clean.rows([probe])[0], faces)[1] != user)
            expected[attack, count, user] = np.mean(errors), np.mean(kept)
    return expected


@pytest.mark.parametrize("shares", [(0.2, 0.8), (0.9, 0.9), (0.0, 1.0), (0.5, 0.5)])
@pytest.mark.parametrize("make", [crowd.clusters, crowd.lattice])
def test_equals_search_written_out(make, shares):
    clean, made, comparisons = make_records(make, 0)
    scores = make_scores(*shares)
    flagged = {(row.posting, row.picture) for row in scores.itertuples() if row.score == 0.5}
    measures = measured(run(clean, comparisons, scores))
    expected = brute_force(clean, made, flagged)
    assert measures.keys() == expected.keys()
    for key, values in expected.items():
        assert measures[key] == pytest.approx(values, abs=1e-12), key
    assert len({error for error, _ in expected.values()}) > 3


def test_without_flags_it_is_the_undefended_gallery():
    clean, _, comparisons = make_records(crowd.lattice, 1)
    plain = errors(comparisons)
    plain = plain[plain["channel"] == "png"].reset_index(drop=True)
    table = run(clean, comparisons, make_scores(0, 0))
    assert (table["kept"] == crowd.GALLERY).all()
    assert (table["defense"] == "cloak_detector").all()
    pd.testing.assert_frame_equal(table, plain.assign(defense="cloak_detector"))


def test_without_faces_nobody_is_recognized():
    clean, _, comparisons = make_records(crowd.clusters, 1)
    table = run(clean, comparisons, make_scores(1, 1))
    assert (table["error"] == 1).all()
    assert (table["kept"] == 0).all()
    # The only faces left are recognized, whatever they look like.
    scores = make_scores(1, 1)
    scores.loc[(scores["posting"] == "lowkey") & scores["picture"].str.startswith("p/"), "score"] = 0.0
    rows = run(clean, comparisons, scores).set_index(["attack", "unprotected", "user"]).sort_index()
    assert rows.loc[("lowkey", 0, "p"), ["error", "kept"]].tolist() == [0, crowd.GALLERY]
    assert rows.drop(index=["lowkey", "half"])["error"].eq(1).all()


def test_perfect_detector_leaves_unprotected_pictures():
    clean, _, comparisons = make_records(crowd.clusters, 2)
    table = run(clean, comparisons, make_scores(0, 1))
    attacked = table[table["attack"] != "none"]
    assert (attacked["kept"] == attacked["unprotected"]).all()
    assert (attacked.loc[attacked["unprotected"] == 0, "error"] == 1).all()
    # All attacks leave the same pictures, and with all of them unprotected there is no attack.
    for _, rows in attacked.groupby(["unprotected", "user"]):
        assert rows["error"].nunique() == 1
    errors = attacked[attacked["unprotected"] == crowd.GALLERY].set_index("user")["error"]
    unattacked = table[table["attack"] == "none"].set_index("user")["error"]
    assert (errors == unattacked.reindex(errors.index)).all()


def test_order_does_not_matter():
    clean, _, comparisons = make_records(crowd.lattice, 3)
    split = crowd.make_split()
    order = np.random.default_rng(0).permutation(len(split))
    shuffled = Embeddings(clean.embedding[order], split["picture"].to_numpy()[order], "clean")
    scores = make_scores(0.3, 0.6)
    shares = dict(reversed(crowd.SHARES.items()))
    again = run(shuffled, comparisons, scores.sample(frac=1, random_state=0), split=split.iloc[order], shares=shares)
    table = run(clean, comparisons, scores)
    assert list(table.columns) == [*COLUMNS, "posted", "kept"]
    pd.testing.assert_frame_equal(again, table)


def test_faces_are_dropped_that_one_detector_flags_from_the_threshold_on():
    clean, _, comparisons = make_records(crowd.clusters, 0)
    first, second = make_scores(0.3, 0.4, 1), make_scores(0.2, 0.5, 2)
    both = first.assign(score=np.maximum(first["score"], second["score"]))
    together = run(clean, comparisons, first, second)
    pd.testing.assert_frame_equal(together, run(clean, comparisons, both))
    assert (together["kept"] < run(clean, comparisons, first)["kept"]).any()
    # Scores are 0.49 and 0.5.
    assert (run(clean, comparisons, first, threshold=0.51)["kept"] == crowd.GALLERY).all()
    assert (run(clean, comparisons, first, threshold=0.49)["kept"] == 0).all()


def test_what_is_left_says_nothing_of_channels_and_the_rest_as_it_was():
    clean, _, comparisons = make_records(crowd.clusters, 0)
    keeps = cloak_detector.gallery([make_scores(0.5, 0.5)], cloak_detector.Options(("one",)))
    before = comparisons.own_squared.copy()
    left = without_dropped(comparisons, clean, crowd.make_split(), keeps)
    assert left.postings == tuple(posting for posting in comparisons.postings if posting[1] == "png")
    assert left.rival_squared.shape == (len(comparisons.probe), 1)
    np.testing.assert_array_equal(left.other_own_squared, comparisons.other_own_squared)
    np.testing.assert_array_equal(comparisons.own_squared, before)


@pytest.mark.parametrize("threshold", [0, 1, -0.5, 2, np.nan])
def test_thresholds_lie_between_the_ends(threshold):
    with pytest.raises(InputError, match=f"threshold is {threshold}; it must be above 0 and below 1"):
        cloak_detector.Options(("one",), threshold)


def test_any_detector_suffices_from_its_threshold_on():
    table = pd.DataFrame({"picture": ["a/0", "a/1", "a/0", "a/1"], "posting": ["clean", "clean", "lowkey", "lowkey"]})
    first, second = table.assign(score=[0.0, 0.5, 0.2, 1.0]), table.assign(score=[0.1, 0.1, 0.7, 0.0])
    pictures, postings = ["a/1", "a/0", "a/0"], ["lowkey", "lowkey", "clean"]
    assert Flags([first]).of(pictures, postings).tolist() == [True, False, False]
    assert Flags([first, second]).of(pictures, postings).tolist() == [True, True, False]
    assert Flags([first, second], 0.1).of(pictures, postings).tolist() == [True, True, True]
    assert Flags([first, second], 0.8).of(pictures, postings).tolist() == [True, False, False]
    assert Flags([first]).of(["a/1"], ["clean"]).tolist() == [True]


def test_flags_tell_what_is_wrong():
    table = pd.DataFrame({"picture": ["a/0"], "posting": ["clean"], "score": [0.5]})
    with pytest.raises(InputError, match="there are none; name at least one detector"):
        Flags([])
    with pytest.raises(InputError, match="have no column 'posting'; they need picture, posting, score"):
        Flags([table.drop(columns="posting")])
    for score in (1.2, -0.1, np.nan, "high"):
        with pytest.raises(InputError, match=f"picture 'a/0' has the score {score}; scores lie in"):
            Flags([table, table.assign(score=[score])])
    with pytest.raises(InputError, match="detector threshold: is 2; it must lie in"):
        Flags([table], 2)
    # Each detector must have seen each face.
    with pytest.raises(InputError, match=r"have none of picture 'a/0' from 'lowkey' \(1 of 2 missing\)"):
        Flags([pd.concat([table, table.assign(posting="lowkey")]), table]).of(["a/0", "a/0"], ["clean", "lowkey"])


def test_unscored_faces_are_named():
    clean, _, comparisons = make_records(crowd.clusters, 0)
    scores = make_scores(0.5, 0.5)
    for posting, picture in (("clean", "z/2"), ("clean", "c/4"), ("fawkes", "x/1")):
        left = scores[~((scores["posting"] == posting) & (scores["picture"] == picture))]
        with pytest.raises(InputError, match=f"none of picture '{picture}' from '{posting}'.*score all gallery faces"):
            run(clean, comparisons, left)

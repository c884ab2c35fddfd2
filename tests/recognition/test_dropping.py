"""Recognition without the gallery faces that a detector flags, against a search written out face by face."""

from functools import partial

import embedded_crowd as crowd
import numpy as np
import pandas as pd
import pytest

from uncloak.attacks.mixture import assign
from uncloak.defenses import before_first_attack, cloak_detector
from uncloak.errors import InputError
from uncloak.experiments.unprotected.measure import unprotected_errors
from uncloak.recognition.comparing import compare
from uncloak.recognition.dropping import without_dropped
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.flags import Flags
from uncloak.recognition.seen import Seen
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
    judge = partial(cloak_detector.gallery, options=cloak_detector.Options(names, threshold))
    return errors(without_dropped(comparisons, see(clean, split), judge, scores), shares, defense="cloak_detector")


def see(clean, split=None, perturbed=None):
    """Return what the trainer sees; detectors' scores stand for perturbed faces that are not given."""
    perturbed = {(attack, "png"): clean for attack in crowd.ATTACKS} if perturbed is None else perturbed
    return Seen(clean, clean, perturbed, crowd.make_split() if split is None else split)


def errors(comparisons, shares=crowd.SHARES, **names):
    settings = {"dataset": "d", "extractor": "e", "seed": SEED, "unprotected": COUNTS, "posted": [], "choices": CHOICES}
    return unprotected_errors(comparisons, shares, **settings, **names)


def measured(table):
    keys = ["attack", "unprotected", "user"]
    return {tuple(row[:3]): tuple(row[3:]) for row in table[[*keys, "error", "kept"]].to_numpy()}


def unflagged(flagged):
    """Return what says which of a person's faces (posting, picture) stay, by flags."""
    return lambda faces: [face not in flagged for face in faces]


def brute_force(clean, made, stays):
    """Return the errors and numbers of pictures left, by attack, unprotected pictures and user, galleries written out.

    stays: of the faces {(posting, picture): embedding} of one person, which of them are kept.
    """
    split = crowd.make_split()
    everybody = crowd.clean_gallery(split, clean)
    left = {}
    for owner in dict.fromkeys(name for name, _ in everybody):
        own = {("clean", name[1]): face for name, face in everybody.items() if name[0] == owner}
        left |= {(owner, face[1]): own[face] for face, kept in zip(own, stays(own), strict=True) if kept}
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
                own = {}
                for place, picture in enumerate(pictures):
                    intact = attack == "none" or place in order[:count]
                    posting = "clean" if intact else made_by[place]
                    own[posting, picture] = (clean if intact else made[posting]).rows([picture])[0]
                chosen = {face[1]: own[face] for face, stay in zip(own, stays(own), strict=True) if stay}
                faces |= {(user, picture): face for picture, face in chosen.items()}
                kept.append(len(chosen))
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
    expected = brute_force(clean, made, unflagged(flagged))
    assert measures.keys() == expected.keys()
    for key, values in expected.items():
        assert measures[key] == pytest.approx(values, abs=1e-12), key
    assert len({error for error, _ in expected.values()}) > 3


@pytest.mark.parametrize("method", ["before_first_attack", "or_all", "nearer"])
def test_defenses_judge_a_users_pictures_together_as_they_are_posted(method):
    """Against galleries put together face by face; which faces stay depends on what else is posted."""
    clean, made, comparisons = make_records(crowd.clusters, 4)
    posted = {(attack, "png"): embeddings for attack, embeddings in made.items()}
    posted |= {("none", "blur"): made["fawkes"], ("lowkey", "blur"): made["fawkes"]}

    def oldest(faces):
        old = [posting == "clean" for posting, _ in faces]
        return old if any(old) or method == "before_first_attack" else [True] * len(old)

    def nearer(faces):
        """Whether each face is nearer to the first than the last one is."""
        points = np.array(list(faces.values()), dtype=np.float64)
        away = np.square(points - points[0]).sum(axis=1)
        return away < away[-1] if len(faces) > 1 else [True]

    judges = {
        "before_first_attack": (oldest, partial(before_first_attack.gallery, options=before_first_attack.Options())),
        "or_all": (oldest, partial(before_first_attack.gallery, options=before_first_attack.Options(or_all=True))),
        "nearer": (nearer, lambda strangers: lambda person: np.array(nearer(dict(enumerate(person.embedding))))),
    }
    written_out, judge = judges[method]
    left = without_dropped(comparisons, see(clean, perturbed=posted), judge)
    table = errors(left)
    table = table[table["channel"] == "png"]
    expected, measures = brute_force(clean, made, written_out), measured(table)
    assert measures.keys() == expected.keys()
    for key, values in expected.items():
        assert measures[key] == pytest.approx(values, abs=1e-12), key
    assert len(set(expected.values())) > 8
    # Channels are measured, too, since no detector is asked.
    assert left.postings == comparisons.postings


def test_a_user_of_whom_nothing_is_old_enough_is_recognized_by_nobody():
    clean, made, comparisons = make_records(crowd.clusters, 4)
    posted = {(attack, "png"): embeddings for attack, embeddings in made.items()}
    posted |= {("none", "blur"): clean, ("lowkey", "blur"): made["fawkes"]}
    judge = partial(before_first_attack.gallery, options=before_first_attack.Options())
    table = errors(without_dropped(comparisons, see(clean, perturbed=posted), judge))
    protected = table[(table["attack"] != "none") & (table["unprotected"] == 0)]
    assert protected["error"].eq(1).all()
    assert protected["kept"].eq(0).all()
    # Without an attack, and as far as pictures are not protected, it is the gallery of these.
    assert (table["kept"] == table["unprotected"].where(table["attack"] != "none", crowd.GALLERY)).all()
    plain = errors(comparisons)
    for name in ("error", "kept"):
        unattacked = (table["attack"] == "none") & (table["channel"] == "png")
        assert table.loc[unattacked, name].tolist() == plain.loc[unattacked, name].tolist()


def test_defenses_see_strangers_alone_and_what_was_scraped():
    clean, made, comparisons = make_records(crowd.clusters, 5)
    posted = {(attack, "png"): embeddings for attack, embeddings in made.items()}
    asked, strangers = [], []

    def judge(people):
        strangers.extend(people)

        def stays(person):
            asked.append(person)
            return np.ones(len(person.picture), dtype=bool)

        return stays

    scores = [make_scores(0.3, 0.6, seed) for seed in (1, 2)]
    left = without_dropped(comparisons, see(clean, perturbed=posted), judge, scores)
    everybody = crowd.clean_gallery(crowd.make_split(), clean)
    assert [person.identity for person in strangers] == sorted({name for name, _ in everybody} - set(crowd.USERS))
    assert [person.identity for person in asked] == sorted({name for name, _ in everybody})
    asked.clear()
    fawkes, lowkey = (left.postings.index((attack, "png")) for attack in crowd.ATTACKS)
    left.own_as_posted("m", np.array([[0, fawkes, -1, lowkey, fawkes], [-1] * 5, [0, fawkes, -1, lowkey, fawkes]]))
    (person,) = asked
    assert person.picture.tolist() == ["m/0", "m/1", "m/3", "m/4"]
    assert person.before.tolist() == [True, False, False, False]
    makers = (("clean", clean), *((name, made[name]) for name in ("fawkes", "lowkey", "fawkes")))
    for number, (picture, (posting, faces)) in enumerate(zip(person.picture, makers, strict=True)):
        np.testing.assert_array_equal(person.embedding[number], faces.rows([picture])[0])
        for detector, table in enumerate(scores):
            (score,) = table.loc[(table["posting"] == posting) & (table["picture"] == picture), "score"]
            assert person.scores[detector, number] == score


@pytest.mark.parametrize("answer", [lambda n: [1] * n, lambda n: np.ones(n + 1, bool), lambda n: True])
def test_what_a_defense_says_of_faces_is_checked(answer):
    clean, _, comparisons = make_records(crowd.clusters, 0)
    with pytest.raises(InputError, match=r"of the 5 faces of 'a'; it must return one bool for each"):
        without_dropped(comparisons, see(clean), lambda people: lambda person: answer(len(person.picture)))


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
    judge = partial(cloak_detector.gallery, options=cloak_detector.Options(("one",)))
    before = comparisons.own_squared.copy()
    left = without_dropped(comparisons, see(clean), judge, [make_scores(0.5, 0.5)])
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

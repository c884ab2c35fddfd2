"""Recognition without flagged gallery faces, against a search written out face by face."""

import crowd
import numpy as np
import pandas as pd
import pytest

from uncloak.attacks.mixture import assign
from uncloak.errors import InputError
from uncloak.recognition.comparing import compare
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.filtered import evaluate_filtered
from uncloak.recognition.flags import Flags
from uncloak.recognition.unprotected import unprotected_errors
from uncloak.seeds import generator

COUNTS, CHOICES, SEED = [0, 1, 3, 5], 3, 3


def make_scores(clean_share, posted_share, seed=0):
    """Return a detector's scores, which flag these shares of the clean and of the posted faces."""
    split = crowd.make_split()
    gallery = list(split.loc[(split["part"] == "gallery") & (split["role"] != "background"), "picture"])
    faces = [("clean", picture) for picture in gallery]
    faces += [(attack, picture) for attack in crowd.ATTACKS for picture in crowd.posted_pictures(split)]
    table = pd.DataFrame(faces, columns=["source", "picture"])
    shares = np.where(table["source"] == "clean", clean_share, posted_share)
    return table.assign(score=np.where(np.random.default_rng(seed).random(len(table)) < shares, 0.5, 0.49))


def make_records(make, seed):
    clean, made = crowd.make_embeddings(make, seed)
    posted = {(attack, "png"): embeddings for attack, embeddings in made.items()}
    # Faces after a channel, and an attack that is not asked for, have no scores.
    posted |= {("none", "blur"): made["fawkes"], ("pgd", "png"): made["fawkes"], ("lowkey", "blur"): made["fawkes"]}
    return clean, made, compare(clean, posted, crowd.make_split(), "euclidean")


def run(clean, comparisons, flags, **options):
    settings = {"dataset": "d", "extractor": "e", "seed": SEED, "unprotected": COUNTS, "choices": CHOICES, **options}
    return evaluate_filtered(comparisons, clean, crowd.make_split(), flags, crowd.SHARES, **settings)


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
                    source = "clean" if intact else made_by[place]
                    if (source, picture) not in flagged:
                        faces[user, picture] = (clean if intact else made[source]).rows([picture])[0]
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
    flagged = {(row.source, row.picture) for row in scores.itertuples() if row.score == 0.5}
    measures = measured(run(clean, comparisons, Flags([scores])))
    expected = brute_force(clean, made, flagged)
    assert measures.keys() == expected.keys()
    for key, values in expected.items():
        assert measures[key] == pytest.approx(values, abs=1e-12), key
    assert len({error for error, _ in expected.values()}) > 3


def test_without_flags_it_is_the_undefended_gallery():
    clean, _, comparisons = make_records(crowd.lattice, 1)
    plain = unprotected_errors(
        *(comparisons, crowd.SHARES),
        **{"dataset": "d", "extractor": "e", "seed": SEED, "unprotected": COUNTS, "posted": [], "choices": CHOICES},
    )
    plain = plain[plain["channel"] == "png"].drop(columns="posted").reset_index(drop=True)
    table = run(clean, comparisons, Flags([make_scores(0, 0)]))
    assert (table["kept"] == crowd.GALLERY).all()
    assert (table["defense"] == "detector").all()
    pd.testing.assert_frame_equal(table.drop(columns="kept"), plain.assign(defense="detector"))


def test_without_faces_nobody_is_recognized():
    clean, _, comparisons = make_records(crowd.clusters, 1)
    table = run(clean, comparisons, Flags([make_scores(1, 1)]))
    assert (table["error"] == 1).all()
    assert (table["kept"] == 0).all()
    # The only faces left are recognized, whatever they look like.
    scores = make_scores(1, 1)
    scores.loc[(scores["source"] == "lowkey") & scores["picture"].str.startswith("p/"), "score"] = 0.0
    rows = run(clean, comparisons, Flags([scores])).set_index(["attack", "unprotected", "user"]).sort_index()
    assert rows.loc[("lowkey", 0, "p"), ["error", "kept"]].tolist() == [0, crowd.GALLERY]
    assert rows.drop(index=["lowkey", "half"])["error"].eq(1).all()


def test_perfect_detector_leaves_unprotected_pictures():
    clean, _, comparisons = make_records(crowd.clusters, 2)
    table = run(clean, comparisons, Flags([make_scores(0, 1)]))
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
    again = evaluate_filtered(
        *(comparisons, shuffled, split.iloc[order], Flags([scores.sample(frac=1, random_state=0)])),
        dict(reversed(crowd.SHARES.items())),
        **{"dataset": "d", "extractor": "e", "seed": SEED, "unprotected": COUNTS, "choices": CHOICES},
    )
    table = run(clean, comparisons, Flags([scores]))
    assert list(table.columns) == [*COLUMNS, "kept"]
    pd.testing.assert_frame_equal(again, table)


def test_any_detector_suffices_from_its_threshold_on():
    table = pd.DataFrame({"picture": ["a/0", "a/1", "a/0", "a/1"], "source": ["clean", "clean", "lowkey", "lowkey"]})
    first, second = table.assign(score=[0.0, 0.5, 0.2, 1.0]), table.assign(score=[0.1, 0.1, 0.7, 0.0])
    pictures, sources = ["a/1", "a/0", "a/0"], ["lowkey", "lowkey", "clean"]
    assert Flags([first]).of(pictures, sources).tolist() == [True, False, False]
    assert Flags([first, second]).of(pictures, sources).tolist() == [True, True, False]
    assert Flags([first, second], 0.1).of(pictures, sources).tolist() == [True, True, True]
    assert Flags([first, second], 0.8).of(pictures, sources).tolist() == [True, False, False]
    assert Flags([first]).of(["a/1"], ["clean"]).tolist() == [True]


def test_flags_tell_what_is_wrong():
    table = pd.DataFrame({"picture": ["a/0"], "source": ["clean"], "score": [0.5]})
    with pytest.raises(InputError, match="there are none; name at least one detector"):
        Flags([])
    with pytest.raises(InputError, match="have no column 'source'; they need picture, source, score"):
        Flags([table.drop(columns="source")])
    for score in (1.2, -0.1, np.nan, "high"):
        with pytest.raises(InputError, match=f"picture 'a/0' has the score {score}; scores lie in"):
            Flags([table, table.assign(score=[score])])
    with pytest.raises(InputError, match="detector threshold: is 2; it must lie in"):
        Flags([table], 2)
    # Each detector must have seen each face.
    with pytest.raises(InputError, match=r"have none of picture 'a/0' from 'lowkey' \(1 of 2 missing\)"):
        Flags([pd.concat([table, table.assign(source="lowkey")]), table]).of(["a/0", "a/0"], ["clean", "lowkey"])


def test_unscored_faces_are_named():
    clean, _, comparisons = make_records(crowd.clusters, 0)
    scores = make_scores(0.5, 0.5)
    for source, picture in (("clean", "z/2"), ("clean", "c/4"), ("fawkes", "x/1")):
        left = scores[~((scores["source"] == source) & (scores["picture"] == picture))]
        with pytest.raises(InputError, match=f"none of picture '{picture}' from '{source}'.*score all gallery faces"):
            run(clean, comparisons, Flags([left]))

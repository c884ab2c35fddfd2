"""What an experiment is given to work on, read from small files, and what the experiments of recognition make of it."""

import json
import sys
from functools import partial
from types import ModuleType

import embedded_crowd as crowd
import numpy as np
import pandas as pd
import pytest

from uncloak.defenses import cloak_detector, confidence_threshold, dyntracker, top_2
from uncloak.errors import InputError
from uncloak.experiments import averaging
from uncloak.experiments.given import Given
from uncloak.experiments.source import source
from uncloak.pictures.split import write_split
from uncloak.recognition.answers import answered_errors
from uncloak.recognition.comparing import add_postings, compare
from uncloak.recognition.comparisons import write_comparisons
from uncloak.recognition.dropping import without_dropped
from uncloak.recognition.evaluation import COLUMNS, evaluate
from uncloak.recognition.growing import grown_errors
from uncloak.recognition.posting import own_distances
from uncloak.recognition.seen import Seen
from uncloak.store import write_arrays
from uncloak.tables import read_table, write_table

SEED = 3
EXTRACTORS = {"arcface": 0, "robust": 10, "arcface~jpeg": 20}
POSTINGS = [("fawkes", "png"), ("lowkey", "png")]
SHARES = {"fawkes": {}, "lowkey": {}, "half": {"fawkes": 0.5, "lowkey": 0.5}}
SCORES = 0.4, 0.6
DOES = {
    "none": None,
    "jpeg": {"method": "jpeg", "options": {"quality": 50}},
    "robust_training": {"method": "robust_training", "options": {"extractors": {"arcface": "robust"}}},
    "looks": {"method": "cloak_detector", "options": {"detectors": ["one", "two"], "threshold": 0.5}},
    "old": {"method": "before_first_attack", "options": {"or_all": False}},
    "grows": {"method": "dyntracker", "options": {"false_matches": 0.3, "orders": 2}},
    "top": {"method": "top_2", "options": {"second": "robust"}},
    "unsure": {"method": "confidence_threshold", "options": {"second": "robust", "share": 0.3}},
}


class World:
    """Small files of a few extractors, and what stands in them."""

    def __init__(self, folder):
        self.split, self.folder = crowd.make_split(), folder
        write_split(self.split, folder / "split.csv")
        self.made = {name: crowd.make_embeddings(crowd.clusters, seed) for name, seed in EXTRACTORS.items()}
        self.scores = [self._scores(number) for number in (0, 1)]
        for name, (clean, posted) in self.made.items():
            write_comparisons(folder / f"{name}.h5", compare(clean, {}, self.split, "euclidean"), {})
            for posting, embeddings in {"clean": clean, **posted}.items():
                # Pictures are written in the order in which attacks were given them, whatever that is.
                pictures = self.split["picture"] if posting == "clean" else crowd.posted_pictures(self.split)
                arrays = {"embedding": embeddings.embedding, "picture": np.array(pictures, dtype=str)}
                write_arrays(folder / f"{name} {posting}.h5", arrays, {})
        for number, table in enumerate(self.scores):
            write_table(table, folder / f"scores {number}.csv")

    def _scores(self, number):
        pictures = list(self.split.loc[self.split["part"] == "gallery", "picture"])
        faces = [("clean", picture) for picture in pictures]
        faces += [(attack, picture) for attack in crowd.ATTACKS for picture in crowd.posted_pictures(self.split)]
        table = pd.DataFrame(faces, columns=["posting", "picture"])
        shares = np.where(table["posting"] == "clean", *SCORES)
        flagged = np.random.default_rng(number).random(len(table)) < shares / 2
        return table.assign(score=np.where(flagged, 0.75, 0.25))

    def compared(self, extractor):
        clean, posted = self.made[extractor]
        return compare(clean, {(name, "png"): faces for name, faces in posted.items()}, self.split, "euclidean")

    def seen(self, extractor):
        clean, posted = self.made[extractor]
        return Seen(clean, clean, {(name, "png"): faces for name, faces in posted.items()}, self.split)

    def path(self, *names):
        return str(self.folder.joinpath(" ".join(names)))

    def given(self, *recognizers, method="protection", **told):
        """Return what an experiment is given that asks of (extractor, defense), as the plan would put it."""
        files = {name: [] for name in ("comparisons", "posted", "clean", "probes", "scores", "split")}
        described = []
        for extractor, defense in recognizers:
            embedder = {"jpeg": f"{extractor}~jpeg", "robust_training": "robust"}.get(defense, extractor)
            asked = [embedder, *(["robust"] if defense in ("top", "unsure") else [])]
            for name in asked:
                files["comparisons"].append(self.path(f"{name}.h5"))
                files["posted"] += [self.path(name, f"{attack}.h5") for attack, _ in POSTINGS]
            if defense in ("looks", "old", "grows"):
                files["clean"].append(self.path(embedder, "clean.h5"))
                files["probes"].append(self.path(embedder, "clean.h5"))
                files["split"] = [self.path("split.csv")]
            if defense == "looks":
                files["scores"] += [self.path("scores", f"{number}.csv") for number in (0, 1)]
            described.append(
                {
                    **{"extractor": extractor, "defense": defense, "postings": POSTINGS, "attacks": SHARES},
                    **{"does": DOES[defense], "second": len(asked) > 1, "scores": 2 if defense == "looks" else 0},
                }
            )
        named = {"experiment": method, "method": method, "dataset": "d", "seed": SEED, "options": {}}
        # Jobs are told as JSON.
        return Given(files, json.loads(json.dumps({**named, "recognizers": described, **told})))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("world"))


def names_of(extractor, defense):
    return {"dataset": "d", "extractor": extractor, "defense": defense, "seed": SEED}


def equal(left, right):
    """Whether two comparisons agree in what recognition reads of them."""
    for name in ("postings", "own_squared", "rival_squared", "rival", "probe", "user", "other_own_squared"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)
    attacks = {attack: {} for attack, _ in left.postings if attack != "none"}
    distances = [own_distances(each, attacks, SEED) for each in (left, right)]
    for posting, squared in distances[0].items():
        np.testing.assert_array_equal(squared, distances[1][posting], err_msg=posting)
    return True


def dropped(world):
    return unflagged(world, "arcface")


def unflagged(world, extractor):
    judge = partial(cloak_detector.gallery, options=cloak_detector.Options(("one", "two")))
    return without_dropped(world.compared(extractor), world.seen(extractor), judge, world.scores)


def test_each_recognizer_is_read_from_its_own_files(world):
    asked = [("arcface", defense) for defense in DOES] + [("robust", "none")]
    found = list(world.given(*asked).recognized())
    assert [each.names for each in found] == [names_of(*pair) for pair in asked]
    plain, treated, tuned, looks, old, grows, top, unsure, last = found
    assert equal(plain.comparisons, world.compared("arcface"))
    assert equal(treated.comparisons, world.compared("arcface~jpeg"))
    for each in (tuned, last):
        assert equal(each.comparisons, world.compared("robust"))
    assert equal(looks.comparisons, dropped(world))
    assert np.isinf(own_distances(looks.comparisons, SHARES, SEED)["lowkey", "png"]).any()
    assert np.isinf(own_distances(old.comparisons, SHARES, SEED)["lowkey", "png"]).all()
    assert equal(grows.comparisons, world.compared("arcface"))
    seen, growth = grows.growth
    assert growth == dyntracker.growth(world.compared("arcface"), dyntracker.Options(0.3, 2))
    assert seen.perturbed.keys() == set(POSTINGS)
    for each, module in ((top, top_2), (unsure, confidence_threshold)):
        assert equal(each.comparisons, world.compared("arcface"))
        assert equal(each.second, world.compared("robust"))
        answer, options = each.answer
        assert answer is module.answer
        assert options == module.Options(**DOES[each.names["defense"]]["options"])
    for each in (plain, treated, tuned, looks, old, grows, last):
        assert each.second is None
        assert each.answer is None
        assert (each.growth is None) == (each is not grows)
    assert all(each.attacks == SHARES for each in found)


def test_faces_are_dropped_from_the_gallery_that_is_treated_and_from_the_second_extractors(world, monkeypatch):
    both = ModuleType("uncloak.defenses.both")
    both.Options, both.gallery, both.answer = cloak_detector.Options, cloak_detector.gallery, top_2.answer
    monkeypatch.setitem(sys.modules, both.__name__, both)
    given = world.given(("arcface", "looks"))
    (told,) = given.told["recognizers"]
    told.update(second=True, does={**told["does"], "method": "both"})
    # Treated faces are compared with probes that are not.
    gallery, probes = world.made["arcface~jpeg"][0], world.made["arcface"][0]
    write_comparisons(world.path("mixed.h5"), compare(gallery, {}, world.split, "euclidean", probes), {})
    given.files.update(
        {
            "comparisons": [world.path("mixed.h5"), world.path("robust.h5")],
            "posted": [
                world.path(name, f"{attack}.h5") for name in ("arcface~jpeg", "robust") for attack, _ in POSTINGS
            ],
            "clean": [world.path("arcface~jpeg", "clean.h5"), world.path("robust", "clean.h5")],
            "probes": [world.path("arcface", "clean.h5"), world.path("robust", "clean.h5")],
        }
    )
    (found,) = given.recognized()
    assert equal(found.second, unflagged(world, "robust"))
    assert np.isinf(own_distances(found.second, SHARES, SEED)["lowkey", "png"]).any()
    # Where nothing but others' faces is dropped, the nearest that is left is at least as far as the nearest of all.
    everything = compare(gallery, {}, world.split, "euclidean", probes)
    left, nearest = found.comparisons.rival_squared[:, 0], everything.rival_squared[:, 0]
    assert (left >= nearest).all()
    assert (left == nearest).any()
    assert (left > nearest).any()


def test_files_are_read_when_they_are_needed(world):
    given = world.given(("arcface", "none"), ("robust", "none"))
    given.files["comparisons"][1] = world.path("nowhere.h5")
    found = given.recognized()
    next(found)
    with pytest.raises(InputError, match=r"nowhere.h5"):
        next(found)


def test_postings_are_of_their_attack_and_channel(world):
    given = world.given(("arcface", "none"))
    given.told["recognizers"][0]["postings"] = [["lowkey", "jpeg75"], ["none", "jpeg75"]]
    (found,) = given.recognized()
    clean, posted = world.made["arcface"]
    # Files follow the postings, whatever they are called.
    postings = {("lowkey", "jpeg75"): posted["fawkes"], ("none", "jpeg75"): posted["lowkey"]}
    assert equal(found.comparisons, add_postings(compare(clean, {}, world.split, "euclidean"), postings))


def test_protection_is_measured_with_every_kind_of_defense(world):
    from uncloak.experiments.protection.measure import measure

    asked = [("arcface", defense) for defense in ("none", "jpeg", "robust_training", "looks", "grows", "top", "unsure")]
    table = measure(world.given(*asked))
    expected = [
        evaluate(comparisons, SHARES, **names_of("arcface", defense))
        for defense, comparisons in (
            ("none", world.compared("arcface")),
            ("jpeg", world.compared("arcface~jpeg")),
            ("robust_training", world.compared("robust")),
            ("looks", dropped(world)),
        )
    ]
    growth = dyntracker.growth(world.compared("arcface"), dyntracker.Options(**DOES["grows"]["options"]))
    grown = grown_errors(
        world.compared("arcface"), SHARES, world.seen("arcface"), growth, **names_of("arcface", "grows")
    )
    expected.append(grown)
    for defense, module in (("top", top_2), ("unsure", confidence_threshold)):
        options = module.Options(**DOES[defense]["options"])
        models = world.compared("arcface"), world.compared("robust")
        expected.append(answered_errors(*models, SHARES, module.answer, options, **names_of("arcface", defense)))
    pd.testing.assert_frame_equal(table, pd.concat(expected, ignore_index=True))
    assert table["passed_on"].isna().to_numpy().tolist() == (~table["defense"].isin(["top", "unsure"])).tolist()
    # They differ, or nothing would be tested.
    errors = table.groupby("defense", sort=False)["error"].apply(tuple)
    assert len(set(errors)) == len(asked)


def test_systems_are_measured_beside_each_model_alone_at_two_ranks(world):
    from uncloak.experiments.systems.measure import measure

    table = measure(world.given(("arcface", "none"), ("robust", "none"), ("arcface", "top"), method="systems"))
    keys = table[["extractor", "defense", "rank"]].drop_duplicates().itertuples(index=False, name=None)
    alone = [(name, "none", rank) for name in ("arcface", "robust") for rank in (1, 2)]
    assert list(keys) == [*alone, ("arcface", "top", 1)]
    assert list(table.columns) == [*COLUMNS, "passed_on"]
    errors = table.set_index(["extractor", "defense", "rank", "attack", "user"]).sort_index()["error"]
    first = evaluate(world.compared("robust"), SHARES, **names_of("robust", "none"))
    measured = errors["robust", "none", 1]
    pd.testing.assert_series_equal(measured, first.set_index(["attack", "user"])["error"].sort_index())
    # Among two the user is found more often.
    assert (errors["robust", "none", 2] <= measured).all()
    assert (errors["robust", "none", 2] < measured).any()
    assert (errors["arcface", "top", 1] <= errors["arcface", "none", 1]).all()


def test_unprotected_pictures_are_measured_with_dropped_faces_and_without(world):
    from uncloak.experiments.unprotected.measure import measure, unprotected_errors

    numbers = {"pictures": [0, 1, 3], "posted": [3], "choices": 4}
    given = world.given(("arcface", "none"), ("arcface", "looks"), method="unprotected", options=numbers)
    counts = {"unprotected": [0, 1, 3], "posted": [3], "choices": 4}
    expected = [
        unprotected_errors(comparisons, SHARES, **names_of("arcface", defense), **counts)
        for defense, comparisons in (("none", world.compared("arcface")), ("looks", dropped(world)))
    ]
    table = measure(given)
    pd.testing.assert_frame_equal(table, pd.concat(expected, ignore_index=True))
    assert (table.loc[table["defense"] == "looks", "kept"] < table.loc[table["defense"] == "none", "kept"].max()).all()
    given.told["options"]["posted"] = None
    assert set(measure(given)["posted"]) == {"all"}


@pytest.mark.parametrize("method", ["ranks", "verification", "open_set"])
def test_ranks_and_thresholds_are_measured_by_extractor(world, method):
    from uncloak.experiments.open_set import measure as open_set
    from uncloak.experiments.ranks import measure as ranks
    from uncloak.experiments.verification import measure as verification

    module, errors = {
        "ranks": (ranks, ranks.rank_errors),
        "verification": (verification, verification.verification_errors),
        "open_set": (open_set, open_set.open_set_errors),
    }[method]
    table = module.measure(world.given(("arcface", "none"), ("robust", "none"), method=method))
    expected = [errors(world.compared(name), SHARES, **names_of(name, "none")) for name in ("arcface", "robust")]
    pd.testing.assert_frame_equal(table, pd.concat(expected, ignore_index=True))


def test_trained_classifiers_stand_under_the_name_of_their_defense(world, tmp_path):
    from uncloak.experiments.classifiers.measure import measure

    given = world.given(("arcface", "none"), ("arcface", "robust_training"), method="classifiers")
    attacks = ["none", "fawkes"]
    plain = evaluate(world.compared("arcface"), {"fawkes": {}}, **names_of("arcface", "none"))
    given.files["linear"], given.files["end_to_end"] = [], []
    for place, (_, embedder) in enumerate((("none", "arcface"), ("robust_training", "robust"))):
        # Of linear classifiers there is a table by embedder, which knows no defense.
        linear = plain.assign(classifier="linear, converged", extractor=embedder, error=0.125 * (1 + place))
        # Another experiment asked them more.
        linear = pd.concat([linear, linear[linear["attack"] == "fawkes"].assign(attack="pgd")])
        write_table(linear, tmp_path / f"linear {embedder}.csv")
        given.files["linear"].append(str(tmp_path / f"linear {embedder}.csv"))
        for number, attack in enumerate(attacks):
            tuned = plain[plain["attack"] == attack].assign(classifier="end to end", error=0.25 * number + 0.5 * place)
            write_table(tuned, tmp_path / f"tuned {place} {attack}.csv")
            given.files["end_to_end"].append(str(tmp_path / f"tuned {place} {attack}.csv"))
    table = measure(given)
    assert set(table["extractor"]) == {"arcface"}
    assert set(table["attack"]) == {"none", *SHARES}
    errors = table.groupby(["defense", "classifier", "attack"])["error"].mean()
    for place, defense in enumerate(("none", "robust_training")):
        for number, attack in enumerate(attacks):
            assert errors[defense, "linear, converged", attack] == 0.125 * (1 + place)
            assert errors[defense, "end to end", attack] == 0.25 * number + 0.5 * place
        nearest = table[(table["defense"] == defense) & (table["classifier"] == "nearest neighbor")]
        comparisons = world.compared(("arcface", "robust")[place])
        expected = evaluate(comparisons, SHARES, **names_of("arcface", defense))
        np.testing.assert_array_equal(nearest["error"], expected["error"])


def about(extractor, defense, **changes):
    labels = {"extractor_label": f"label of {extractor}", "defense_label": f"label of {defense}"}
    return {"extractor": extractor, "defense": defense, **labels, "released": "2019-01-05", "known_to": [], **changes}


def labeled(*recognizers):
    attacks = {name: {"label": f"label of {name}", "released": "2020-07-01"} for name in SHARES}
    told = {"attacks": {"none": {"label": "no attack", "released": None}, **attacks}, "recognizers": recognizers}
    return Given({}, {"dataset": "d", "seed": SEED, **told})


def test_averages_say_what_they_are_about(world):
    from uncloak.experiments.protection.measure import measure

    errors = measure(world.given(("arcface", "none"), ("arcface", "unsure"), ("robust", "none")))
    given = labeled(
        about("robust", "none", released=None),
        about("arcface", "unsure", released="2021-03-11"),
        about("arcface", "none", known_to=["lowkey", "half"]),
    )
    rates = averaging.average(given, errors)
    assert len(rates) == 3 * (1 + len(SHARES))
    for row in rates.itertuples():
        assert row.attack_label == ("no attack" if row.attack == "none" else f"label of {row.attack}")
        assert pd.isna(row.attack_released) if row.attack == "none" else row.attack_released == "2020-07-01"
        assert row.extractor_label == f"label of {row.extractor}"
        assert row.defense_label == f"label of {row.defense}"
        released = {("robust", "none"): "", ("arcface", "unsure"): "2021-03-11", ("arcface", "none"): "2019-01-05"}
        assert ("" if pd.isna(row.released) else row.released) == released[row.extractor, row.defense]
        white_box = (row.extractor, row.defense) == ("arcface", "none") and row.attack in ("lowkey", "half")
        assert row.white_box is white_box
    # Each stands beside its own clean error.
    own = errors[(errors["defense"] == "unsure") & (errors["attack"] == "none")]["error"].mean()
    assert (rates.loc[rates["defense"] == "unsure", "clean_error"] == own).all()
    assert rates["n_users"].eq(len(crowd.USERS)).all()


def test_averages_are_written_and_read(world, tmp_path):
    from uncloak.experiments.systems.measure import measure

    errors = measure(world.given(("arcface", "none"), ("robust", "none"), ("arcface", "top"), method="systems"))
    write_table(errors, tmp_path / "errors.csv")
    given = labeled(about("arcface", "none"), about("robust", "none", released=None), about("arcface", "top"))
    rates = averaging.average(given, read_table(tmp_path / "errors.csv"))
    write_table(rates, tmp_path / "table.csv")
    found = read_table(tmp_path / "table.csv")
    assert found["protection_rate"].tolist() == pytest.approx(rates["protection_rate"].tolist(), abs=1e-5)
    assert found["passed_on"].isna().tolist() == (found["defense"] == "none").tolist()
    assert set(found.loc[found["extractor"] == "robust", "released"].fillna("")) == {""}


def test_tables_of_a_kind_of_their_own_are_left_as_they_are():
    table = pd.DataFrame({"attack": ["lowkey"], "anything": [1.0]})
    for method in ("detection", "collusion"):
        given = Given({}, {"method": method, "dataset": "d", "seed": SEED})
        assert given.module("measure").average(given, table) is table


def test_words_of_a_figure():
    told = {"attacks": {"lowkey": "LowKey"}, "options": {"margin": 0.1}, "dataset_label": "drawn faces"}
    given = Given({}, {"method": "ranks", "dataset": "d", "seed": 7, "paper": "Figure 4", **told})
    assert given.attacks == ["none", "lowkey"]
    assert given.options.margin == 0.1
    assert (given.dataset, given.seed) == ("d", 7)
    posting = source(given, pd.DataFrame({"n_users": [20], "n_probes": [180]}))
    assert posting.startswith("Means over 20 users (180 probes)")
    assert posting.endswith("Dataset: drawn faces. Seed 7. After Figure 4 of Radiya-Dixit et al. (ICLR 2022).")


def test_a_missing_table_is_told(tmp_path):
    given = Given({"table": [str(tmp_path / "nowhere.csv")]}, {"method": "ranks", "dataset": "d", "seed": 7})
    with pytest.raises(InputError, match=r"nowhere.csv"):
        given.table()

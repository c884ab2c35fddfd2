"""How the detector is measured: measures and curves against scikit-learn, intervals over people."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sklearn_metrics

from uncloak.errors import InputError
from uncloak.experiments.detection.measure import COLUMNS, detection_metrics, roc_curves
from uncloak.recognition.intervals import rate_interval


def random_scores(seed: int, identities: int = 6, pictures: int = 5) -> pd.DataFrame:
    """Scores of two attacks with many ties, and rows of other parts that must not count."""
    random = np.random.default_rng(seed)
    rows = []
    for part in ("train", "test", "gallery"):
        for number in range(identities):
            for stem in range(random.integers(1, pictures + 1)):
                for posting, lift in (("clean", 0.0), ("weak", 0.1), ("strong", 0.3)):
                    value = np.round(np.clip(random.random() * 0.7 + lift, 0, 1), 1)
                    rows.append((f"{part}{number}/{stem}", f"{part}{number}", part, posting, value))
    table = pd.DataFrame(rows, columns=["picture", "identity", "part", "posting", "score"])
    return table.assign(dataset="d", detector="one")


def truth(table: pd.DataFrame, attack: str) -> tuple[np.ndarray, np.ndarray]:
    own = table[(table["part"] == "test") & table["posting"].isin(["clean", attack])]
    return (own["posting"] == attack).to_numpy(), own["score"].to_numpy()


@pytest.mark.parametrize("seed", range(6))
def test_the_measures_are_those_of_scikit_learn(seed):
    scores = random_scores(seed)
    table = detection_metrics(scores, ["strong"], ["weak", "strong"], 0.5, 1)
    assert table.columns.tolist() == list(COLUMNS)
    for row in table.itertuples():
        real, value = truth(scores, row.attack)
        found = value >= 0.5
        assert row.accuracy == pytest.approx(sklearn_metrics.accuracy_score(real, found))
        assert row.precision == pytest.approx(sklearn_metrics.precision_score(real, found))
        assert row.recall == pytest.approx(sklearn_metrics.recall_score(real, found))
        assert row.auc == pytest.approx(sklearn_metrics.roc_auc_score(real, value))
        assert (row.dataset, row.detector, row.trained_on, row.n_identities) == ("d", "one", "strong", 6)
        assert row.n_pictures == len(real)


@pytest.mark.parametrize("seed", range(3))
def test_the_curves_are_those_of_scikit_learn(seed):
    scores = random_scores(seed)
    curves = roc_curves(scores, ["weak", "strong"])
    for attack, own in curves.groupby("attack"):
        false, true, thresholds = sklearn_metrics.roc_curve(*truth(scores, attack), drop_intermediate=False)
        np.testing.assert_allclose(own["false_positive_rate"], false)
        np.testing.assert_allclose(own["true_positive_rate"], true)
        np.testing.assert_allclose(own["threshold"], thresholds)


def test_the_interval_of_the_area_draws_people_with_all_their_pictures():
    """Against identities drawn one by one and their pictures put together."""
    scores = random_scores(4, identities=8)
    row = detection_metrics(scores, [], ["weak"], 0.5, 1).iloc[0]
    test = scores[scores["part"] == "test"]
    pictures = {name: truth(own, "weak") for name, own in test.groupby("identity")}
    random = np.random.default_rng(0)
    draws = []
    for _ in range(1000):
        drawn = [pictures[name] for name in random.choice(sorted(pictures), len(pictures))]
        real, value = (np.concatenate(each) for each in zip(*drawn, strict=True))
        high, low = value[real], value[~real]
        draws.append(np.mean([np.mean(one > low) + np.mean(one == low) / 2 for one in high]))
    assert (row["auc_low"], row["auc_high"]) == pytest.approx(np.percentile(draws, [2.5, 97.5]), abs=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_the_intervals_of_shares_take_people_as_clusters(seed):
    scores = random_scores(seed, identities=8)
    row = detection_metrics(scores, [], ["weak"], 0.5, 1).iloc[0]
    shares = {"accuracy": {}, "precision": {}, "recall": {}}
    for name, own in scores[scores["part"] == "test"].groupby("identity"):
        real, value = truth(own, "weak")
        found = value >= 0.5
        shares["accuracy"][name] = found == real
        shares["recall"][name] = found[real]
        if found.any():
            shares["precision"][name] = real[found]
    for measure, people in shares.items():
        counts = [len(right) for right in people.values()]
        expected = rate_interval([np.mean(right) for right in people.values()], counts, counts)
        assert (row[f"{measure}_low"], row[f"{measure}_high"]) == pytest.approx(expected)
        assert row[f"{measure}_low"] < row[measure] < row[f"{measure}_high"]


def test_measures_depend_on_the_attack_and_the_test_people_alone():
    scores = random_scores(5)
    table = detection_metrics(scores, ["strong"], ["weak", "strong"], 0.5, 1)
    pd.testing.assert_frame_equal(
        detection_metrics(scores.sample(frac=1, random_state=0), ["strong"], ["weak", "strong"], 0.5, 1), table
    )
    alone = scores[(scores["part"] == "test") & (scores["posting"] != "weak")]
    pd.testing.assert_frame_equal(
        detection_metrics(alone, ["strong"], ["strong"], 0.5, 1), table.iloc[1:].reset_index(drop=True)
    )


def test_a_detector_that_flags_nothing_and_a_single_person():
    scores = random_scores(0)
    nothing = detection_metrics(scores.assign(score=0.0), [], ["weak"], 0.5, 1).iloc[0]
    assert (nothing["accuracy"], nothing["precision"], nothing["recall"], nothing["auc"]) == (0.5, 0, 0, 0.5)
    single = detection_metrics(scores[scores["identity"] == "test0"], [], ["weak"], 0.5, 1).iloc[0]
    assert (nothing["precision_low"], nothing["precision_high"]) == (0, 1)
    assert (single["auc_low"], single["auc_high"]) == (0, 1)
    assert single["accuracy_low"] < 0.1
    assert single["accuracy_high"] > 0.9


def test_faulty_scores_are_told():
    scores = random_scores(0)
    with pytest.raises(InputError, match="detector scores: have no column 'part'"):
        detection_metrics(scores.drop(columns="part"), [], ["weak"], 0.5, 1)
    with pytest.raises(InputError, match="have no test pictures of attack 'other'; perturb and score some"):
        detection_metrics(scores, [], ["other"], 0.5, 1)
    torn = scores[~((scores["posting"] == "clean") & (scores["picture"] == "test0/0"))]
    with pytest.raises(InputError, match="test pictures of attack 'weak' are not the same clean and perturbed"):
        roc_curves(torn, ["weak"])
    two = pd.concat([scores, scores.assign(detector="two", part="gallery")])
    with pytest.raises(InputError, match=r"several values of 'detector' \(one, two\); give them one by one"):
        detection_metrics(two, [], ["weak"], 0.5, 1)

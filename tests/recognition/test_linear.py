"""The linear classifier against scikit-learn's own fits, and its objective against sums written out."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from uncloak.errors import InputError
from uncloak.recognition import linear
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.linear import CONVERGED, RELEASED, Converged, Released, cold_fit, evaluate
from uncloak.recognition.rates import protection_rates
from uncloak.recognition.softmax_regression import Curvature, minimize_from, objective

IDENTITIES, GALLERY, PROBES, USERS, DIMENSIONS = 12, 6, 4, 4, 16
ROLES = ["user"] * USERS + ["public", "detector"] + ["other"] * 4 + ["distractor", "background"]
SETTING = {"dataset": "d", "extractor": "e", "seed": 7}


def make_split() -> pd.DataFrame:
    return pd.DataFrame(
        [
            (f"p{i:02d}/{k}", f"p{i:02d}", "gallery" if k < GALLERY or role == "distractor" else "probe", role)
            for i, role in enumerate(ROLES)
            for k in range(GALLERY + PROBES)
        ],
        columns=["picture", "identity", "part", "role"],
    )


def case(seed: int = 0):
    """Clusters with features of different scales, and an attack that moves a user's faces to the next person's."""
    random = np.random.default_rng(seed)
    split = make_split()
    scales, offsets = np.exp(random.normal(size=DIMENSIONS)), 5 * random.normal(size=DIMENSIONS)
    centers = np.repeat(random.normal(size=(IDENTITIES, DIMENSIONS)), GALLERY + PROBES, axis=0)
    clean = (centers + 0.7 * random.normal(size=centers.shape)) * scales + offsets
    posted = ((split["role"] == "user") & (split["part"] == "gallery")).to_numpy()
    moved = np.roll(centers, -(GALLERY + PROBES), axis=0)
    attacked = (moved + 0.9 * random.normal(size=centers.shape)) * scales + offsets
    postings = {
        ("strong", "png"): Embeddings(np.float32(attacked[posted]), split["picture"][posted], "strong.h5"),
        ("half", "jpeg75"): Embeddings(np.float32((attacked + clean)[posted] / 2), split["picture"][posted], "half.h5"),
    }
    return split, Embeddings(np.float32(clean), split["picture"], "clean.h5"), postings


def arrays(split, clean):
    gallery = split[(split["part"] == "gallery") & (split["role"] != "background")]
    return gallery, clean.rows(gallery["picture"]).astype(np.float64), gallery["identity"].to_numpy(str)


def value_in_own_scaling(model, faces, owners):
    """Scikit-learn's objective of a fitted pipeline, by loops."""
    scaled = (faces - faces.mean(axis=0)) / faces.std(axis=0)
    scores = scaled @ model[1].coef_.T + model[1].intercept_
    names = list(model[1].classes_)
    losses = [
        np.log(np.exp(row - row.max()).sum()) + row.max() - row[names.index(owner)]
        for row, owner in zip(scores, owners, strict=True)
    ]
    return np.mean(losses) + np.square(model[1].coef_).sum() / (2 * len(faces))


def cold(max_iter, tol):
    return make_pipeline(StandardScaler(), LogisticRegression(C=1, tol=tol, max_iter=max_iter, random_state=0))


def test_the_objective_is_its_formula_and_the_gradient_its_slope():
    random = np.random.default_rng(0)
    faces = np.column_stack([random.normal(size=(9, 5)), np.ones(9)])
    codes, weights = random.integers(0, 4, 9), random.normal(size=(4, 6))
    penalty = np.append(random.uniform(0.5, 2, 5), 0)
    expected = 0.0
    for face, code in zip(faces, codes, strict=True):
        scores = [sum(w * x for w, x in zip(row, face, strict=True)) for row in weights]
        expected += (np.log(sum(np.exp(score) for score in scores)) - scores[code]) / 9
    expected += sum(penalty[j] * weights[k, j] ** 2 for k in range(4) for j in range(6)) / 18
    value, gradient = objective(weights, faces, codes, penalty)
    assert value == pytest.approx(expected, rel=1e-12)
    for place in np.ndindex(weights.shape):
        step = np.zeros_like(weights)
        step[place] = 1e-6
        up, down = (objective(weights + sign * step, faces, codes, penalty)[0] for sign in (1, -1))
        assert gradient[place] == pytest.approx((up - down) / 2e-6, abs=1e-8)
    # Scores too large for the exponential.
    assert np.isfinite(objective(1e4 * weights, faces, codes, penalty)[0])


def test_the_curvature_turns_each_class_of_the_hessian_into_nearly_the_identity():
    random = np.random.default_rng(1)
    faces = np.column_stack([random.normal(size=(14, 5)), np.ones(14)])  # so few that no term is left out
    weights = random.normal(size=(3, 6))
    curvature = Curvature(weights, faces)
    # Its 16 directions are more than 6 features have: the largest 6 faces stand for all.
    chances = np.exp(faces @ weights.T)
    chances /= chances.sum(axis=1, keepdims=True)
    for code in range(3):
        terms = chances[:, code] * (1 - chances[:, code]) / 14
        kept = np.argsort(-terms)[:6]
        block = (faces[kept] * terms[kept, None]).T @ faces[kept] + (1 / 14 + np.delete(terms, kept).sum()) * np.eye(6)
        root = np.stack([curvature(np.eye(6)[[j] * 3])[code] for j in range(6)])
        np.testing.assert_allclose(root, root.T, atol=1e-9)
        np.testing.assert_allclose(root @ block @ root, np.eye(6), atol=1e-8)


def test_faces_that_repeat_do_no_harm():
    random = np.random.default_rng(2)
    faces = np.repeat(np.column_stack([random.normal(size=(6, 8)), np.ones(6)]), 5, axis=0)
    codes, penalty = np.repeat(np.arange(6), 5), np.append(np.ones(8), 0)
    weights = np.zeros((6, 9))
    found = minimize_from(weights, Curvature(weights, faces), faces, codes, penalty)
    model = LogisticRegression(tol=1e-9, max_iter=10_000).fit(faces[:, :-1], codes)
    best = objective(np.column_stack([model.coef_, model.intercept_]), faces, codes, penalty)[0]
    assert found.passes < 100
    assert objective(found.weights, faces, codes, penalty)[0] == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_warm_fits_reach_the_optimum_of_cold_ones(seed):
    split, clean, postings = case(seed)
    gallery, faces, owners = arrays(split, clean)
    warm = Converged(faces, owners)
    for embeddings in postings.values():
        for user in sorted(set(owners[gallery["role"] == "user"])):
            rows = np.flatnonzero(owners == user)
            attacked = faces.copy()
            attacked[rows] = embeddings.rows(gallery["picture"].iloc[rows])
            warm.post(rows, attacked[rows])
            reference = cold(100_000, 1e-10).fit(attacked, owners)
            best = value_in_own_scaling(reference, attacked, owners)
            # The warm solution in the scaling of the attacked faces.
            scaler = StandardScaler().fit(faces)
            weights, intercepts = warm.solution.weights[:, :-1] / scaler.scale_, warm.solution.weights[:, -1]
            reference[1].intercept_ = intercepts + weights @ (attacked.mean(axis=0) - scaler.mean_)
            reference[1].coef_ = weights * attacked.std(axis=0)
            found = value_in_own_scaling(reference, attacked, owners)
            assert -1e-9 < found - best < 1e-6
            assert warm.solution.passes < 60


def by_scikit_learn(split, clean, postings, max_iter, tol):
    gallery, faces, owners = arrays(split, clean)
    errors = {}
    for (attack, channel), embeddings in {("none", "png"): clean, **postings}.items():
        for user in (f"p{i:02d}" for i in range(USERS)):
            attacked = faces.copy()
            attacked[owners == user] = embeddings.rows(gallery["picture"][owners == user])
            probes = split["picture"][(split["identity"] == user) & (split["part"] == "probe")]
            model = cold(max_iter, tol / len(faces)).fit(attacked, owners)
            errors[attack, channel, user] = np.mean(model.predict(clean.rows(probes)) != user)
    return errors


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_errors_are_those_of_scikit_learn_fitted_for_each_user_and_attack():
    seen = set()
    for seed in range(3):
        split, clean, postings = case(seed)
        table = evaluate(clean, postings, split, **SETTING)
        assert list(table.columns) == list(COLUMNS)
        for classifier, max_iter, tol in ((RELEASED, 100, 1e-4), (CONVERGED, 100_000, 1e-8)):
            rows = table[table["classifier"] == classifier]
            measured = {(row.attack, row.channel, row.user): row.error for row in rows.itertuples()}
            assert measured == by_scikit_learn(split, clean, postings, max_iter, tol)
            seen |= set(measured.values())
        assert table["metric"].eq("softmax").all()
        assert table["n_probes"].eq(PROBES).all()
    assert len(seen) > 3


def test_the_released_fit_may_end_before_the_optimum():
    split, clean, _ = case()
    _, faces, owners = arrays(split, clean)
    scaled = StandardScaler().fit_transform(faces)
    ended, converged = (cold_fit(scaled, owners, max_iter) for max_iter in (3, 100_000))
    assert ended.n_iter_[0] == 3 < converged.n_iter_[0]
    # The tolerance is that of the sum over faces.
    _, codes = np.unique(owners, return_inverse=True)
    with_ones = np.column_stack([scaled, np.ones(len(scaled))])
    penalty = np.append(np.ones(DIMENSIONS), 0)
    model = cold_fit(scaled, owners, 100_000)
    slope = objective(np.column_stack([model.coef_, model.intercept_]), with_ones, codes, penalty)[1]
    assert np.abs(slope).max() * len(scaled) <= 1.01e-4


def by_lbfgs(scaled, owners, iterations):
    """Scores of the formula in float64, minimized from zero by SciPy's L-BFGS for so many iterations at most."""
    (_, codes), count, rows = np.unique(owners, return_inverse=True), len(scaled), np.arange(len(scaled))

    def formula(flat):
        weights, intercepts = np.split(flat.reshape(-1, scaled.shape[1] + 1), [scaled.shape[1]], axis=1)
        scores = scaled @ weights.T + intercepts[:, 0]
        logs = np.logaddexp.reduce(scores, axis=1)
        slopes = np.exp(scores - logs[:, None])
        slopes[rows, codes] -= 1
        value = (logs - scores[rows, codes]).sum() + np.square(weights).sum() / 2
        return value / count, np.column_stack([slopes.T @ scaled + weights, slopes.sum(axis=0)]).ravel() / count

    ends = {"gtol": 1e-4 / count, "ftol": 64 * np.finfo(float).eps, "maxls": 50, "maxiter": iterations}
    start = np.zeros((codes.max() + 1) * (scaled.shape[1] + 1))
    found = minimize(formula, start, jac=True, method="L-BFGS-B", options=ends)
    weights = found.x.reshape(codes.max() + 1, -1)
    return scaled @ weights[:, :-1].T + weights[:, -1]


def test_the_released_fit_is_what_so_many_iterations_of_lbfgs_in_float64_reach(monkeypatch):
    random = np.random.default_rng(3)
    owners = np.repeat([f"p{i:02d}" for i in range(12)], 6)
    # Features that nearly repeat each other: a long way to the optimum.
    faces = random.normal(size=(len(owners), 6)) @ random.normal(size=(6, 40))
    faces += 0.01 * random.normal(size=faces.shape)
    scaled = StandardScaler().fit_transform(faces)
    scores = cold_fit(scaled, owners, 30).decision_function(scaled)
    np.testing.assert_allclose(scores, by_lbfgs(scaled, owners, 30), atol=1e-9)
    assert np.abs(scores - by_lbfgs(scaled, owners, 100_000)).max() > 1e-3
    limits = []
    monkeypatch.setattr(
        linear, "cold_fit", lambda *given, max_iter: limits.append(max_iter) or cold_fit(*given, max_iter=max_iter)
    )
    released = Released(faces, owners)
    assert limits == [100]
    found = released._model.decision_function(scaled)
    np.testing.assert_allclose(found, by_lbfgs(scaled, owners, 100), atol=1e-9)


def test_nothing_depends_on_the_order_of_rows_or_on_other_attacks():
    split, clean, postings = case()
    table = evaluate(clean, postings, split, **SETTING, classifiers=[CONVERGED])
    order = np.random.default_rng(0).permutation(len(split))
    shuffled = Embeddings(clean.embedding[order], split["picture"].to_numpy()[order], "clean.h5")
    again = evaluate(shuffled, dict(reversed(postings.items())), split.iloc[order], **SETTING, classifiers=[CONVERGED])
    pd.testing.assert_frame_equal(again, table)
    one = {posting: postings[posting] for posting in [("strong", "png")]}
    alone = evaluate(clean, one, split, **SETTING, classifiers=[CONVERGED])
    rest = table[table["attack"].isin(["none", "strong"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, rest)
    rates = protection_rates(table).set_index("attack")["protection_rate"]
    assert rates["strong"] > rates["none"] + 0.3


def test_background_identities_are_in_no_gallery():
    split, clean, postings = case()
    kept = (split["role"] != "background").to_numpy()
    without = Embeddings(clean.embedding[kept], split["picture"][kept], "clean.h5")
    tables = [
        evaluate(e, postings, s, **SETTING, classifiers=[CONVERGED])
        for e, s in ((clean, split), (without, split[kept]))
    ]
    pd.testing.assert_frame_equal(*tables)


def test_refuses_bad_input():
    split, clean, postings = case()
    strong = postings["strong", "png"]
    pictures = split["picture"][(split["role"] == "user") & (split["part"] == "gallery")]

    def refused(message, clean=clean, postings=postings, split=split, **options):
        with pytest.raises(InputError, match=message) as caught:
            evaluate(clean, postings, split, **SETTING, **options)
        assert "\n" not in str(caught.value)

    refused("classifier 'tree' is not known", classifiers=["tree"])
    refused("attack 'none' through 'png' stands for the clean faces", postings={("none", "png"): strong})
    narrow = Embeddings(strong.embedding[:, :-1], pictures, "narrow.h5")
    refused("narrow.h5: embeddings of attack 's' have 15 dimensions", postings={("s", "png"): narrow})
    short = Embeddings(strong.embedding[1:], pictures[1:], "short.h5")
    refused("short.h5: has no embedding of picture 'p00/0'", postings={("s", "png"): short})
    refused("at least 3 identities", split=split[split["identity"].isin(["p00", "p01"])])
    faces = np.column_stack([np.full((4, 2), np.nan), np.ones(4)])
    curvature = Curvature(np.zeros((2, 3)), np.ones((4, 3)))
    with pytest.raises(InputError, match="linear classifier: not converged after"):
        minimize_from(np.zeros((2, 3)), curvature, faces, np.array([0, 0, 1, 1]), np.ones(3))

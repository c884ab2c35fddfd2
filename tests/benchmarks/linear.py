"""Count and time the linear classifier's fits: 20 users from the clean optimum, against scikit-learn from zero.

Run with one thread: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/linear.py [RESULTS]
RESULTS: results/DATASET of a finished run; without it random faces are taken.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from uncloak.recognition.embeddings import read_embeddings
from uncloak.recognition.linear import Converged, cold_fit
from uncloak.recognition.parts import gallery_and_probes
from uncloak.recognition.softmax_regression import objective

_ENOUGH = 1e-6  # above the minimum of the objective


def main():
    options = _options()
    for name, (faces, owners, posted) in (_stored(options) if options.results else _random(options)).items():
        measure(name, faces, owners, posted, options.checked)


def measure(name, faces, owners, posted, checked):
    """Print what the fits of every user cost, and for `checked` users how far from the optimum they end."""
    start = time.perf_counter()
    warm = Converged(faces, owners)
    clean_seconds = time.perf_counter() - start
    passes, seconds, gaps = [], [], []
    cold = {"released tolerance": ([], []), "cheapest within 1e-6": ([], [])}
    for number, (rows, own) in enumerate(posted):
        start = time.perf_counter()
        warm.post(rows, own)
        seconds.append(time.perf_counter() - start)
        passes.append(warm.solution.passes)
        if number >= checked:
            continue
        attacked = faces.copy()
        attacked[rows] = own
        scaled = StandardScaler().fit_transform(attacked)
        value = _value(scaled, owners)
        best = value(LogisticRegression(tol=1e-9, max_iter=100_000).fit(scaled, owners))
        start = time.perf_counter()
        model = cold_fit(scaled, owners, 100_000)
        cold["released tolerance"][0].append(model.n_iter_[0])
        cold["released tolerance"][1].append(time.perf_counter() - start)
        for tolerance in 10 ** np.arange(-4, -9, -0.25):
            start = time.perf_counter()
            model = LogisticRegression(tol=tolerance, max_iter=100_000).fit(scaled, owners)
            taken = time.perf_counter() - start
            if value(model) < best + _ENOUGH:
                cold["cheapest within 1e-6"][0].append(model.n_iter_[0])
                cold["cheapest within 1e-6"][1].append(taken)
                break
        gaps.append(_warm_value(warm, faces, attacked, value) - best)
    print(f"\n{name}: {faces.shape[0]} faces x {faces.shape[1]} features, {len(set(owners))} identities")
    print(f"clean fit, once for all attacks                 {clean_seconds:8.2f} s")
    print(f"{len(posted)} warm fits                         {sum(seconds):8.2f} s {sum(passes):6d} passes")
    print(f"  objective above the optimum, {checked} users: at most {max(gaps):.1e}")
    for what, (iterations, taken) in cold.items():
        # Counting iterations, of which each has at least one pass, is in favor of the cold fits.
        print(f"one cold fit, {what:<22}            {np.mean(taken):8.2f} s {np.mean(iterations):6.0f} iterations")
        print(
            f"  all warm fits / one cold fit: {sum(passes) / np.mean(iterations):.2f} in passes,"
            f" {sum(seconds) / np.mean(taken):.2f} in time   (must be < 5)"
        )


def _value(scaled, owners):
    codes = np.unique(owners, return_inverse=True)[1]
    faces, penalty = np.column_stack([scaled, np.ones(len(scaled))]), np.append(np.ones(scaled.shape[1]), 0)
    return lambda model: objective(np.column_stack([model.coef_, model.intercept_]), faces, codes, penalty)[0]


def _warm_value(warm, faces, attacked, value):
    """Return the objective of the warm solution in the scaling of the attacked faces."""
    clean, own = StandardScaler().fit(faces), StandardScaler().fit(attacked)
    weights = warm.solution.weights[:, :-1] / clean.scale_
    model = LogisticRegression()
    model.coef_ = weights * own.scale_
    model.intercept_ = warm.solution.weights[:, -1] + weights @ (own.mean_ - clean.mean_)
    return value(model)


def _stored(options):
    gallery, _ = gallery_and_probes(pd.read_csv(options.results / "split.csv", dtype=str, keep_default_na=False))
    owners = gallery["identity"].to_numpy(str)
    users = sorted(set(owners[gallery["role"] == "user"]))[: options.users]
    cases = {}
    for extractor in options.extractors:
        folder = options.results / "embeddings" / extractor
        faces = read_embeddings(folder / "clean.h5").rows(gallery["picture"]).astype(np.float64)
        for attack in options.attacks:
            perturbed = read_embeddings(folder / f"{attack}.h5")
            rows = [np.flatnonzero(owners == user) for user in users]
            posted = [(own, perturbed.rows(gallery["picture"].iloc[own]).astype(np.float64)) for own in rows]
            cases[f"{extractor}, {attack}"] = faces, owners, posted
    return cases


def _random(options):
    """Make clusters around random centers, and users whose faces go to another person's cluster.

    Features are correlated as those of embeddings are: along turned axes, the spread of which falls.
    """
    random = np.random.default_rng(0)
    centers = random.standard_normal((options.identities, options.dimensions))
    turned = np.linalg.qr(random.standard_normal((options.dimensions, options.dimensions)))[0]
    turned *= np.arange(1, options.dimensions + 1) ** -options.decay
    owners = np.repeat([f"{number:04d}" for number in range(options.identities)], options.pictures)

    def drawn(codes):
        return (centers[codes] + 2.5 * random.standard_normal((len(codes), options.dimensions))) @ turned.T

    faces = drawn(np.repeat(np.arange(options.identities), options.pictures))
    posted = [
        (np.arange(user * options.pictures, (user + 1) * options.pictures), drawn([user + 1] * options.pictures))
        for user in range(options.users)
    ]
    return {"random faces": (faces, owners, posted)}


def _options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="?")
    parser.add_argument("--extractors", nargs="+", default=["vggface", "magface"])
    parser.add_argument("--attacks", nargs="+", default=["fawkes_v10", "lowkey"])
    defaults = {"users": 20, "checked": 3, "identities": 265, "pictures": 21, "dimensions": 256}
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    # Those of the default's trained extractors fall about so.
    parser.add_argument("--decay", type=float, default=0.7)
    return parser.parse_args()


if __name__ == "__main__":
    main()

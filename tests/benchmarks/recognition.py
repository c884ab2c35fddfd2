"""Time the comparisons: against the bare distances in float32, and against scikit-learn refitted per user and attack.

Run with one thread: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/recognition.py
"""

import argparse
import statistics
import time

import numpy as np
import pandas as pd
from sklearn.neighbors import KNeighborsClassifier

from uncloak.experiments.ranks.measure import rank_errors
from uncloak.experiments.unprotected.measure import unprotected_errors
from uncloak.experiments.verification.measure import verification_errors
from uncloak.recognition.comparing import compare
from uncloak.recognition.distances import METRICS
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.evaluation import evaluate
from uncloak.recognition.rates import protection_rates


def main():
    options = _options()
    random = np.random.default_rng(0)
    names = np.array([f"identity-{number:05d}" for number in range(options.identities)])
    in_gallery = np.arange(options.pictures) < round(0.7 * options.pictures)
    split = pd.DataFrame(
        {
            "picture": [f"{name}/{number:04d}" for name in names for number in range(options.pictures)],
            "identity": np.repeat(names, options.pictures),
            "part": np.tile(np.where(in_gallery, "gallery", "probe"), options.identities),
            "role": np.repeat(
                np.where(np.arange(options.identities) < options.users, "user", "other"), options.pictures
            ),
        }
    )
    shape = (len(split), options.dimensions)
    centers = np.repeat(random.standard_normal((options.identities, shape[1]), np.float32), options.pictures, axis=0)
    values = 1 + centers + 4 * random.standard_normal(shape, np.float32)
    clean = Embeddings(values, split["picture"], "clean")
    posted = ((split["role"] == "user") & (split["part"] == "gallery")).to_numpy()
    perturbed = {
        (f"attack-{k}", "png"): Embeddings(
            values[posted] + 2 * k * random.standard_normal((posted.sum(), shape[1]), np.float32),
            split["picture"][posted],
            f"attack-{k}",
        )
        for k in range(options.attacks)
    }
    gallery, probes = (values[(split["part"] == part).to_numpy()] for part in ("gallery", "probe"))
    print(
        f"{options.identities} identities x {options.pictures} pictures x {shape[1]} dimensions:"
        f" {len(probes)} probes, {len(gallery)} gallery faces, {options.metric}"
    )

    def measure():
        return compare(clean, perturbed, split, options.metric)

    comparisons = measure()
    attacks = {attack: {} for attack, _ in perturbed}

    def read_off():
        names = {"dataset": "random", "extractor": "random", "seed": 0}
        choices = {"unprotected": (0, 1, 2, 5, 10, 20), "posted": (10,), "choices": 20}
        unprotected = unprotected_errors(comparisons, attacks, **names, **choices)
        others = (rank_errors(comparisons, attacks, **names), verification_errors(comparisons, attacks, **names))
        return evaluate(comparisons, attacks, **names), unprotected, *others

    plain = _median(lambda: _plain_pass(probes, gallery), options.repeats)
    once = _median(measure, options.repeats)
    tables = read_off()
    errors = _median(read_off, options.repeats)
    rates = _median(lambda: [protection_rates(table) for table in tables], 1)
    per_fit = _median(lambda: _refit(gallery, probes, in_gallery), options.repeats)

    refits = options.users * (options.attacks + 1)
    what = f"{options.users} users x {options.attacks} attacks"
    print(f"float32 distances, all probes x all gallery faces       {plain:8.3f} s")
    print(f"comparisons of {what:<41}{once:8.3f} s")
    print(f"  comparisons / float32 distances                       {once / plain:8.3f}")
    print(f"all errors read off them                                {errors:8.3f} s")
    print(f"their rates with bootstrap intervals                     {rates:8.3f} s")
    print(f"scikit-learn, one fit and one user's probes             {per_fit:8.3f} s")
    print(f"  all {refits} of them / comparisons {' ' * (23 - len(str(refits)))} {refits * per_fit / once:12.1f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("identities", 530), ("pictures", 60), ("dimensions", 512), ("users", 20), ("attacks", 5)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--metric", choices=METRICS, default="euclidean")
    return parser.parse_args()


def _plain_pass(probes: np.ndarray, gallery: np.ndarray) -> None:
    """Compute every distance as NumPy does it in two lines, by blocks, and keep none."""
    norms = np.einsum("nd,nd->n", gallery, gallery)
    for first in range(0, len(probes), 256):
        (norms - 2 * (probes[first : first + 256] @ gallery.T)).argmin(axis=1)


def _refit(gallery: np.ndarray, probes: np.ndarray, in_gallery: np.ndarray) -> None:
    """Fit and ask scikit-learn for one user and one attack."""
    labels = np.repeat(np.arange(len(gallery) // in_gallery.sum()), in_gallery.sum())
    KNeighborsClassifier(1, algorithm="brute").fit(gallery, labels).predict(probes[: (~in_gallery).sum()])


def _median(function, repeats: int) -> float:
    """Return the median time of `repeats` calls, in seconds."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()

"""Top-1 and top-5 accuracy with intervals over classes."""

import numpy as np
import pandas as pd

from uncloak.recognition.intervals import bootstrap_interval
from uncloak.transfer.ranking import ranks

CONDITIONS = ("clean", "transferred")
TOPS = (1, 5)


def accuracy(right: np.ndarray, labels: np.ndarray, seed: int) -> tuple[float, float, float]:
    """Return the share of `right` (bool [N]) and its 95 % percentile bootstrap interval (low, high).

    Classes are drawn with replacement, each with all its pictures, the same draws for every classifier: pictures of one
    class stand and fall together. Where the share is the same in every class, the interval is that share alone.
    """
    hits, counts = np.bincount(labels, right).astype(float), np.bincount(labels).astype(float)
    hits, counts = hits[counts > 0], counts[counts > 0]
    shares = hits / counts
    share = float(hits.sum() / counts.sum())
    if (shares == shares[0]).all():
        return share, share, share
    return share, *bootstrap_interval((hits, counts), _share, seed, "classes")


def _share(hits: np.ndarray, counts: np.ndarray, axis: int) -> np.ndarray:
    return hits.sum(axis) / counts.sum(axis)


def rows(classifier: str, logits: dict[str, np.ndarray], labels: np.ndarray, seed: int) -> pd.DataFrame:
    """Measure one classifier under each of `CONDITIONS`.

    Args:
        classifier: its name.
        logits: condition -> float [N,C].
        labels: int64 [N].
        seed: the experiment's.

    Returns one row per condition: classifier, condition, top1, top1_low, top1_high, top5, top5_low, top5_high (all in
    [0,1]), n_pictures, n_classes (of the pictures), seed.
    """
    records = []
    for condition in CONDITIONS:
        places = ranks(logits[condition], labels)
        record = {"classifier": classifier, "condition": condition}
        for top in TOPS:
            values = accuracy(places < top, labels, seed)
            record |= dict(zip((f"top{top}", f"top{top}_low", f"top{top}_high"), values, strict=True))
        records.append(record | {"n_pictures": len(labels), "n_classes": len(np.unique(labels)), "seed": seed})
    return pd.DataFrame(records)

"""Top-1 and top-5 accuracy, clean and under attack, with intervals over classes."""

import logging
import os
from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from scipy.special import log_softmax

from uncloak.attacks.methods.pgd import Options
from uncloak.extractors.embedding import embed
from uncloak.extractors.extractor import Extractor
from uncloak.recognition.intervals import rate_interval
from uncloak.store import read_arrays
from uncloak.transfer import ENSEMBLE
from uncloak.transfer.attack import perturb
from uncloak.transfer.image_classifier import load
from uncloak.transfer.ranking import ranks

logger = logging.getLogger(__name__)

CONDITIONS = ("clean", "transferred")
TOPS = (1, 5)


def accuracy(right: np.ndarray, labels: np.ndarray) -> tuple[float, float, float]:
    """Return the share of `right` (bool [N]) and its 95 % interval (low, high) over classes.

    Pictures of one class stand and fall together as a user's probes do (`uncloak.recognition.intervals.rate_interval`);
    every picture counts alike.
    """
    hits, counts = np.bincount(labels, right).astype(float), np.bincount(labels).astype(float)
    hits, counts = hits[counts > 0], counts[counts > 0]
    low, high = rate_interval(hits / counts, counts, counts)
    return float(hits.sum() / counts.sum()), float(low), float(high)


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
            values = accuracy(places < top, labels)
            record |= dict(zip((f"top{top}", f"top{top}_low", f"top{top}_high"), values, strict=True))
        records.append(record | {"n_pictures": len(labels), "n_classes": len(np.unique(labels)), "seed": seed})
    return pd.DataFrame(records)


def measure(
    record: Mapping, objects: str | os.PathLike, files: Mapping[str, str | os.PathLike], seed: int, device: str = "cpu"
) -> pd.DataFrame:
    """Attack an ensemble of classifiers, and measure all classifiers on the clean and the perturbed pictures.

    Args:
        record: {surrogates: names of the ensemble, attack: PGD's options}.
        objects: file of the pictures, of which those of part "test" are tried.
        files: of the classifiers, by name.
        seed: of the experiment.
        device: where to compute.

    Returns the columns of `rows`, two rows per classifier, and in_ensemble (bool), the second. Of several surrogates
    the last two rows are those of `ENSEMBLE`: of their mean log probabilities, which the attack lowers for the right
    class.
    """
    arrays = read_arrays(objects, "pictures", "label", "part", "picture")
    pictures, labels, _, names = (values[arrays[2] == "test"] for values in arrays)

    def ready(name: str) -> Extractor:
        return load(files[name], device).to(memory_format=torch.channels_last)

    ensemble = [ready(name) for name in record["surrogates"]]
    perturbed = perturb(pictures, labels, names, ensemble, Options(**record["attack"]), seed, device=device)
    del ensemble
    shown = dict(zip(CONDITIONS, (pictures, perturbed), strict=True))
    together = dict.fromkeys(CONDITIONS, 0.0)
    tables = []

    def add(name: str, logits: dict[str, np.ndarray]) -> None:
        tables.append(rows(name, logits, labels, seed))
        logger.info("%s\n%s", name, tables[-1])

    for name in files:
        classifier = ready(name)
        logits = {condition: embed(classifier, each, device) for condition, each in shown.items()}
        add(name, logits)
        if name in record["surrogates"]:
            together = {condition: together[condition] + log_softmax(logits[condition], axis=1) for condition in shown}
    if len(record["surrogates"]) > 1:
        add(ENSEMBLE, together)
    table = pd.concat(tables, ignore_index=True)
    table.insert(1, "in_ensemble", table["classifier"].isin([*record["surrogates"], ENSEMBLE]))
    return table

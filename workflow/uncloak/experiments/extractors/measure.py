"""Errors of nearest-neighbor recognition without any attack, extractor by extractor."""

import pandas as pd

from uncloak.experiments.gate import enters
from uncloak.experiments.given import Given
from uncloak.recognition.comparisons import read_comparisons
from uncloak.recognition.evaluation import COLUMNS, evaluate

MEASURED = COLUMNS
_KEPT = ("clean_error", "clean_low", "clean_high", "n_users", "n_probes", "seed")


def measure(given: Given) -> pd.DataFrame:
    """Return each user's clean error by extractor; see `uncloak.recognition.evaluation.evaluate`."""
    names = zip(given.told["recognizers"], given.files["comparisons"], strict=True)
    return pd.concat(
        [
            evaluate(read_comparisons(path), {}, dataset=given.dataset, extractor=name, seed=given.seed)
            for name, path in names
        ],
        ignore_index=True,
    )


def average(given: Given, errors: pd.DataFrame) -> pd.DataFrame:
    """Return one row per extractor: its mean clean error, what its record says, and whether it enters tables."""
    from uncloak.recognition.rates import protection_rates

    rates = protection_rates(errors)
    about = pd.DataFrame([given.told["about"][name] for name in rates["extractor"]])
    table = pd.concat([rates[["dataset", "extractor"]], about, rates[["metric", *_KEPT]]], axis="columns")
    return table.assign(enters=enters(table))

"""Errors of nearest neighbors and of trained classifiers, with one spelling of defenses (ICLR 2022, Figure 9)."""

import pandas as pd

from uncloak.experiments.given import Given
from uncloak.recognition.evaluation import COLUMNS, evaluate
from uncloak.tables import read_table


def measure(given: Given) -> pd.DataFrame:
    """Return each user's error by extractor, defense, classifier and attack."""
    tables = [evaluate(each.comparisons, each.attacks, **each.names) for each in given.recognized()]
    asked = [{name: each[name] for name in ("extractor", "defense")} for each in given.told["recognizers"]]
    # Linear classifiers may have met the attacks of another experiment, too.
    met = ["none", *(attack for each in given.told["recognizers"] for attack in each["attacks"])]
    for path, names in zip(given.files["linear"], asked, strict=True):
        table = read_table(path, *COLUMNS)
        tables.append(table[table["attack"].isin(met)].assign(**names))
    tuned = given.files["end_to_end"]
    each = len(tuned) // len(asked)
    tables += [read_table(path, *COLUMNS).assign(**asked[place // each]) for place, path in enumerate(tuned)]
    return pd.concat(tables, ignore_index=True)

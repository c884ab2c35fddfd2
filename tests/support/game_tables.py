"""Rates of attacks and extractors of several dates, for the tests of the games."""

import numpy as np
import pandas as pd

ATTACKS = {"a": "2020-03-01", "b": "2021-01-01", "c": "2021-06-01"}
EXTRACTORS = {
    "old": "2015-01-01",
    "older_twin": "2015-01-01",
    "mid": "2021-02-01",
    "tuned": "2021-03-01",
    "new": "2022-01-01",
}
USERS = {"newest": ["a", "b", "c"], "only b": ["b"]}


def protection(rates=None, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = []
    for extractor, released in [*EXTRACTORS.items(), ("pixels", "")]:
        clean = random.uniform(0, 0.1)
        for attack in ["none", *ATTACKS]:
            rate = clean if attack == "none" else random.uniform()
            if rates is not None and attack != "none" and released:
                rate = rates[attack, extractor]
            rows.append(
                {
                    **{"dataset": "drawn", "attack": attack, "attack_label": attack.upper(), "channel": "png"},
                    **{"attack_released": ATTACKS.get(attack, ""), "extractor": extractor, "released": released},
                    **{"extractor_label": extractor.upper(), "classifier": "nearest neighbor", "defense": "none"},
                    **{"protection_rate": rate, "low": max(0, rate - 0.1), "high": min(1, rate + 0.1)},
                    **{"clean_error": clean, "n_users": 20, "seed": 7},
                }
            )
    return pd.DataFrame(rows)


def visibility() -> pd.DataFrame:
    """How much the attacks show: the newest shows most."""
    shown = {"attack": list(ATTACKS), "dssim": [0.01, 0.02, 0.06]}
    return pd.DataFrame({**shown, "dataset": "drawn", "n_users": 20, "seed": 7})

"""Rates of two attacks by extractors older and newer than them, for the tests of how long cloaks last."""

import pandas as pd

ATTACKS = {"lowkey": "2021-01-19", "fawkes_v10": "2021-04-29"}
# Not in the order of their release.
EXTRACTORS = {
    "clip": ("CLIP", "2021-07-28"),
    "pixels": ("raw pixels", ""),
    "arcface": ("ArcFace", "2018-01-23"),
    "robust": ("tuned on attacks", "2021-05-20"),
    "magface": ("MagFace", "2021-03-11"),
}
RATES = {
    "lowkey": {"arcface": 0.6, "magface": 0.9, "robust": 0.1, "clip": 0.8},
    "fawkes_v10": {"arcface": 1.0, "magface": 0.45, "robust": 0.06, "clip": 0.12},
}


def protection() -> pd.DataFrame:
    rows = []
    for extractor, (label, released) in EXTRACTORS.items():
        for attack in ["none", *ATTACKS]:
            rate = RATES.get(attack, {}).get(extractor, 0.03)
            rows.append(
                {
                    **{"dataset": "drawn", "attack": attack, "attack_label": attack.upper(), "channel": "png"},
                    **{"attack_released": ATTACKS.get(attack, ""), "extractor": extractor, "released": released},
                    **{"extractor_label": label, "classifier": "nearest neighbor", "defense": "none"},
                    **{"protection_rate": rate, "low": max(0, rate - 0.1), "high": min(1, rate + 0.1), "seed": 7},
                    **{"clean_error": 0.03, "n_users": 20, "n_probes": 180, "white_box": extractor == "arcface"},
                }
            )
    return pd.DataFrame(rows)

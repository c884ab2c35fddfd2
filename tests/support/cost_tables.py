"""A table of what perturbing a picture costs, as the experiment `cost` averages it."""

import pandas as pd


def averaged() -> pd.DataFrame:
    both = {"dataset": "synthetic", "n_users": 2, "n_pictures": 4, "pixels": 4096.0, "seed": 7}
    both["device"] = "cpu (some processor) in float32"
    times = {
        "fawkes_v10": ("Fawkes v1.0", 2.5, 2.0, 3.0, 1.25, 150),
        "lowkey": ("LowKey (DSSIM)", 16.0, 15.0, 17.0, 10.0, 50),
    }
    names = ("attack_label", "seconds", "seconds_low", "seconds_high", "cpu_seconds", "steps")
    return pd.DataFrame(
        {"attack": attack, **dict(zip(names, values, strict=True)), **both} for attack, values in times.items()
    )

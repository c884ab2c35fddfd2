"""Protection rates by extractor and channel, one extractor without a date, and the attacks' visibility."""

import numpy as np
import pandas as pd

ATTACKS = {"none": "no attack", "fawkes_v03": "Fawkes v0.3", "lowkey": "LowKey"}
# Not in the order of their release.
EXTRACTORS = {
    "vit": ("CLIP-like ViT", "2021-12-01"),
    "pixels": ("raw pixels", None),
    "facenet": ("FaceNet-like", "2015-06-12"),
    "arcface": ("ArcFace", "2019-01-05"),
}
CHANNELS = {"png": "PNG", "half": "half size and back", "blur2": "blur, sigma 2"}
VISIBILITY = {"fawkes_v03": 0.01, "lowkey": 0.05}


def protection_table() -> pd.DataFrame:
    rows = []
    for place, (extractor, (label, released)) in enumerate(EXTRACTORS.items()):
        for attack, attack_label in ATTACKS.items():
            rate = {"none": 0.025, "fawkes_v03": 0.0617, "lowkey": 0.9}[attack] - 0.005 * place
            rows.append(
                {
                    **{"dataset": "synthetic", "attack": attack, "attack_label": attack_label, "seed": 7},
                    **{"extractor": extractor, "extractor_label": label, "released": released},
                    **{"white_box": (attack, extractor) == ("lowkey", "arcface"), "protection_rate": rate},
                    **{"low": max(0, rate - 0.05), "high": min(1, rate + 0.05), "n_users": 20, "n_probes": 180},
                    **{"channel": "png", "clean_error": 0.02 + place / 10, "clean_low": 0.01, "clean_high": 0.5},
                }
            )
    return pd.DataFrame(rows)


def channel_table() -> pd.DataFrame:
    """Another rate through every channel, and channels out of their order."""
    table = protection_table()
    return pd.concat(
        [
            table.assign(channel=channel, protection_rate=lower * table["protection_rate"], low=0.01)
            for channel, lower in (("blur2", 0.5), ("png", 1), ("half", 0.75), ("unasked", 0.1))
        ]
    )


def visibility_table() -> pd.DataFrame:
    rows = []
    for attack, shows in VISIBILITY.items():
        measures = {"dssim": shows, "ssim": 1 - 2 * shows, "lpips": np.nan, "l2": 90 * shows, "linf": 400 * shows}
        row = {"dataset": "synthetic", "attack": attack, "n_users": 20, "n_pictures": 400, "seed": 7}
        for measure, value in {**measures, "psnr": 45 - 200 * shows}.items():
            row |= {measure: value, f"{measure}_low": 0.98 * value, f"{measure}_high": 1.02 * value}
        rows.append(row)
    return pd.DataFrame(rows)

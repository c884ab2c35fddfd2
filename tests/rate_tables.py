"""Tables of protection rates with and without defenses, and of collusion, for the tests of their figures."""

import numpy as np
import pandas as pd

ATTACKS = {"none": "no attack", "fawkes_v10": "Fawkes v1.0", "lowkey": "LowKey"}
LEVELS = {"none": 0.03, "fawkes_v10": 0.42, "lowkey": 0.91}
# In no order that a figure sorts by.
EXTRACTORS = {
    "robust": ("robustly tuned VGG", "2018-01-29"),
    "clip": ("CLIP stand-in", "2021-07-28"),
    "vggface": ("VGG-like CosFace", "2018-01-29"),
    "magface": ("MagFace IR-ResNet", "2021-03-11"),
}
SYSTEMS = {"magface_clip": ("MagFace + CLIP", None), "magface_robust": ("MagFace + robust", None)}
CLASSIFIERS = ["linear, converged", "end to end", "nearest neighbor"]
PAIRS = {
    "magface_robust": {"label": "MagFace + robust", "accurate": "magface", "robust": "robust"},
    "magface_clip": {"label": "MagFace + CLIP", "accurate": "magface", "robust": "clip"},
}
COLLUDING = {"lowkey": "LowKey", "lowkey_collusion": "LowKey, colluding"}
TRAINED_ON = {"vggface": [], "robust": ["fawkes_v10", "lowkey"], "clip": ["lowkey"]}


def rate_table(extractors=EXTRACTORS, scale: float = 1, **columns) -> pd.DataFrame:
    """Rates that differ in every row, falling with `scale`."""
    rows = []
    for place, (extractor, (label, released)) in enumerate(extractors.items()):
        for attack, attack_label in ATTACKS.items():
            rate = scale * (LEVELS[attack] - 0.007 * place)
            rows.append(
                {
                    **{"dataset": "synthetic", "attack": attack, "attack_label": attack_label, "channel": "png"},
                    **{"extractor": extractor, "extractor_label": label, "released": released},
                    **{"white_box": (attack, extractor) == ("lowkey", "vggface"), "protection_rate": rate},
                    **{"low": 0.8 * rate, "high": min(1, 1.05 * rate), "clean_error": 0.03 - 0.007 * place},
                    **{"clean_low": 0.001, "clean_high": 0.06, "n_users": 20, "n_probes": 180, "seed": 7},
                    **{"classifier": "nearest neighbor", "defense": "none", "unprotected": 0, "rank": 1, **columns},
                }
            )
    return pd.DataFrame(rows)


def system_table() -> pd.DataFrame:
    return pd.concat(
        [
            rate_table(SYSTEMS, 0.5, classifier="confidence threshold", passed_on=0.1),
            rate_table(SYSTEMS, 0.4, classifier="top 2", passed_on=1),
        ]
    )


def rank_table() -> pd.DataFrame:
    return pd.concat(
        [
            rate_table(scale=falls / (1 + place), rank=rank, among=among)
            for place, rank in enumerate((1, 2, 5, 10))
            for falls, among in ((0.9, "identities"), (1, "pictures"))
        ]
    )


def verification_table() -> pd.DataFrame:
    return pd.concat(
        [
            rate_table(scale=scale, false_accept_rate=rate, classifier="verification")
            for scale, rate in ((1, 0.001), (0.7, 0.01))
        ]
    )


def unprotected_table(detector: bool = True) -> pd.DataFrame:
    plain = [rate_table(scale=0.5**count, unprotected=count, posted="all") for count in (10, 0, 2, 1)]
    filtered = [rate_table(scale=0.4**count / 3, unprotected=count, defense="detector") for count in (0, 1, 2, 10)]
    return pd.concat(plain + filtered if detector else plain)


def classifier_table() -> pd.DataFrame:
    frozen = [rate_table(scale=scale, classifier=name) for name, scale in ((CLASSIFIERS[2], 1), (CLASSIFIERS[0], 0.8))]
    few = {"classifier": "end to end", "n_users": 6, "n_probes": 54}
    tuned = [rate_table(scale=0.7, **few), rate_table(scale=0.1, **few, defense="robust training")]
    return pd.concat(frozen + tuned)


def collusion_table() -> pd.DataFrame:
    rows = []
    names = {"nearest neighbor": ["magface", "clip", "robust"], "confidence threshold": list(SYSTEMS)}
    random = np.random.default_rng(3)
    for classifier, extractors in names.items():
        for extractor in extractors:
            for defense in ("none", "detector") if classifier == "confidence threshold" else ("none",):
                for attack in ("none", "lowkey", "lowkey_collusion"):
                    for user in range(5):
                        recognized, partner, other = random.multinomial(9, [0.4, 0.4, 0.2]) / 9
                        rows.append(
                            {
                                **{"dataset": "synthetic", "attack": attack, "extractor": extractor},
                                **{"classifier": classifier, "defense": defense, "user": f"u{user}", "n_probes": 9},
                                **{"error": 1 - recognized, "taken_for_partner": partner, "taken_for_other": other},
                                **{"passed_on": 0.5, "seed": 7},
                            }
                        )
    return pd.DataFrame(rows)


def rates_of(table: pd.DataFrame, attack: str, **where) -> list[float]:
    for column, value in {"attack": attack, **where}.items():
        table = table[table[column] == value]
    return table["protection_rate"].tolist()

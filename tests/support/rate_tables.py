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
DEFENSES = {"none": "none", "robust_training": "robust training", "jpeg_50": "JPEG 50"}
# In another order than their table's.
TOGETHER = {
    "top_robust": {"method": "top_2", "second": "robust"},
    "unsure_robust": {"method": "confidence_threshold", "second": "robust"},
    "top_clip": {"method": "top_2", "second": "clip"},
    "unsure_clip": {"method": "confidence_threshold", "second": "clip"},
}
CLASSIFIERS = ["linear, converged", "end to end", "nearest neighbor"]
COLLUDERS = {
    name: {
        "label": f"MagFace + {second}",
        "accurate": "magface",
        "robust": second,
        "defense": f"unsure_{second}",
        "detector": "looks",
    }
    for name, second in (("magface_robust", "robust"), ("magface_clip", "clip"))
}
COLLUDING = {"lowkey": "LowKey", "lowkey_collusion": "LowKey, colluding"}
# Attacks by surrogate; not in the order of release.
KNOWN = {
    "lowkey": {"label": "a cloak", "surrogate": "clip", "surrogate_label": "CLIP stand-in"},
    "fawkes_v10": {"label": "a cloak", "surrogate": "vggface", "surrogate_label": "VGG-like CosFace"},
}
TRAINED_ON = {"none": [], "on_both": ["fawkes_v10", "lowkey"], "on_lowkey": ["lowkey"]}


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
                    **{"classifier": "nearest neighbor", "defense": "none", "defense_label": "none"},
                    **{"unprotected": 0, "rank": 1, **columns},
                }
            )
    return pd.DataFrame(rows)


def of(*names: str) -> dict[str, tuple[str, str]]:
    """Return these extractors, in the order of `EXTRACTORS`."""
    return {name: about for name, about in EXTRACTORS.items() if name in names}


def defense_table() -> pd.DataFrame:
    """Two extractors without and with defenses: those of the older extractor are newer than the other."""
    tables = []
    for place, (defense, label) in enumerate(DEFENSES.items()):
        table = rate_table(of("clip", "vggface"), 0.6**place, defense=defense, defense_label=label)
        tables.append(table.assign(released="2022-01-01") if defense == "robust_training" else table)
    return pd.concat(tables)


def matrix_table() -> pd.DataFrame:
    return pd.concat(
        [
            rate_table(of("vggface"), scale, defense=defense, defense_label=label)
            for scale, defense, label in (
                (1, "none", "none"),
                (0.9, "on_lowkey", "robust training on LowKey"),
                (0.7, "on_both", "robust training"),
            )
        ]
    )


def system_table() -> pd.DataFrame:
    """Systems of MagFace and another, and each model alone at two ranks."""
    together = [
        rate_table(of("magface"), scale, defense=defense, defense_label=f"label of {defense}")
        for scale, defense in ((0.5, "unsure_clip"), (0.45, "unsure_robust"), (0.4, "top_clip"), (0.35, "top_robust"))
    ]
    alone = [rate_table(of("magface", "clip", "robust"), 1 / rank, rank=rank) for rank in (1, 2)]
    return pd.concat(together + alone)


def rank_table() -> pd.DataFrame:
    return pd.concat(
        [
            rate_table(scale=falls / (1 + place), rank=rank, among=among)
            for place, rank in enumerate((1, 2, 5, 10))
            for falls, among in ((0.9, "identities"), (1, "pictures"))
        ]
    )


def interpolation_table() -> pd.DataFrame:
    """Between two ends, in no order: protection rises with alpha where the clean error falls."""
    table = rate_table({f"clip_{tenths}": (f"CLIP {tenths}", "2021-09-04") for tenths in (6, 0, 10, 3)})
    table["alpha"] = table["extractor"].str.removeprefix("clip_").astype(int) / 10
    table["protection_rate"] *= np.where(table["attack"] == "none", 1 - table["alpha"] / 2, 0.5 + table["alpha"] / 2)
    return table.assign(low=0.8 * table["protection_rate"], high=1.05 * table["protection_rate"])


def verification_table() -> pd.DataFrame:
    return pd.concat(
        [
            rate_table(scale=scale, false_accept_rate=rate, classifier="verification")
            for scale, rate in ((1, 0.001), (0.7, 0.01))
        ]
    )


def open_set_table() -> pd.DataFrame:
    return verification_table().rename(columns={"false_accept_rate": "false_positive_rate"})


def seed_table() -> pd.DataFrame:
    tables = [
        rate_table(scale=scale, repeated=repeated, n_seeds=3, share_of_seeds=share)
        for repeated, scale, share in (("training", 0.9, 0.25), ("attack", 1, 0.0), ("split", 0.8, np.nan))
    ]
    table = pd.concat(tables)
    return table.assign(lowest_seed=0.9 * table["protection_rate"], highest_seed=1.08 * table["protection_rate"])


def unprotected_table(defended: bool = True) -> pd.DataFrame:
    plain = [rate_table(scale=0.5**count, unprotected=count, posted="all") for count in (10, 0, 2, 1)]
    names = {"defense": "cloak_detector", "defense_label": "without detected pictures", "posted": "all"}
    dropped = [rate_table(scale=0.4**count / 3, unprotected=count, **names) for count in (0, 1, 2, 10)]
    return pd.concat(plain + dropped if defended else plain)


def classifier_table() -> pd.DataFrame:
    """Nearest neighbors and linear classifiers of every user, and tuned ones of few, with a defense and without."""
    tables = []
    for scale, defense, label in ((1, "none", "none"), (0.6, "robust_training", "robust training")):
        names = {"defense": defense, "defense_label": label, "clean_error": 0.03 / scale}
        tables += [
            rate_table(of("vggface"), 1.0 * scale, classifier=CLASSIFIERS[2], **names),
            rate_table(of("vggface"), 0.8 * scale, classifier=CLASSIFIERS[0], **names),
            rate_table(of("vggface"), 0.5 * scale, classifier=CLASSIFIERS[1], n_users=6, n_probes=54, **names),
        ]
    return pd.concat(tables)


def collusion_table() -> pd.DataFrame:
    rows = []
    seen = [(extractor, "none") for extractor in ("magface", "clip", "robust")]
    seen += [("magface", f"unsure_{second}{more}") for second in ("clip", "robust") for more in ("", "+looks")]
    random = np.random.default_rng(3)
    for extractor, defense in seen:
        for attack in ("none", "lowkey", "lowkey_collusion"):
            for user in range(5):
                recognized, partner, other = random.multinomial(9, [0.4, 0.4, 0.2]) / 9
                rows.append(
                    {
                        **{"dataset": "synthetic", "attack": attack, "extractor": extractor, "defense": defense},
                        **{"user": f"u{user}", "n_probes": 9, "error": 1 - recognized},
                        **{"taken_for_partner": partner, "taken_for_other": other, "passed_on": 0.5, "seed": 7},
                    }
                )
    return pd.DataFrame(rows)


def rates_of(table: pd.DataFrame, attack: str, **where) -> list[float]:
    for column, value in {"attack": attack, **where}.items():
        table = table[table[column] == value]
    return table["protection_rate"].tolist()

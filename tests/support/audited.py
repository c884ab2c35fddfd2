"""An audit's files as its measuring writes them, drawn instead of measured: what the page is tested on."""

import itertools
import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from uncloak.store import write_arrays

MODELS = {
    "facenet": ("FaceNet (VGGFace2)", "2018-04-01"),
    "dlib": ("dlib ResNet", "2017-02-12"),
    "mobile": ("MobileFaceNet (MS1M)", "2018-12-01"),
    "edge": ("EdgeFace XS", "2023-07-04"),
}
# How many of four probes each model finds, by cloak: one that sees through it, one that does not, one that cannot tell.
FOUND = {
    "none": {"dlib": 4, "facenet": 4, "mobile": 4, "edge": 1},
    "lowkey": {"dlib": 0, "facenet": 1, "mobile": 3, "edge": 0},
    "fawkes": {"dlib": 0, "facenet": 0, "mobile": 0, "edge": 0},
}
TREATMENTS = ("none", "jpeg_75", "resize", "jpeg_defense")
UNPROTECTED = (0, 1, 2, 5)
QUESTIONS = (
    *(("open", rate, "", False) for rate in (1e-2, 1e-3, 1e-4)),
    *(("closed", "", rank, distractors) for rank in (1, 10) for distractors in (False, True)),
)
NAMES = [f"holiday {i}.jpg" for i in range(6)]
LABELS = {"lowkey": "LowKey", "fawkes": "Fawkes v1.0"}
ABOUT = {
    "cloaks": {"lowkey": ["mobile"]},
    "channels": {"jpeg_75": "JPEG, quality 75", "resize": "Half the size"},
    "defenses": {"jpeg_defense": "Purified by JPEG"},
    "options": {"missing": "unprotected", "held_back": 0.3, "unprotected": [1, 2, 5]},
    "versions": {"numpy": "2.4.6", "torch": "2.15.0"},
}


@cache
def interval(found: int, probes: int) -> tuple[float, float]:
    """Return Clopper and Pearson's 95 % interval."""
    if not probes:
        return 0.0, 1.0
    low = 0.0 if not found else stats.beta.ppf(0.025, found, probes - found + 1)
    high = 1.0 if found == probes else stats.beta.ppf(0.975, found + 1, probes - found)
    return float(low), float(high)


def findings(found=FOUND, probes: int = 4, gallery: int = 6) -> pd.DataFrame:
    """Return findings in which treatments, unprotected pictures and looser questions find one more picture each."""
    rows = []
    for cloak, by_model in found.items():
        counts = UNPROTECTED if cloak != "none" else UNPROTECTED[:1]
        for name, treatment, unprotected, asked in itertools.product(by_model, TREATMENTS, counts, QUESTIONS):
            setting, rate, rank, distractors = asked
            more = (treatment != "none") + unprotected + (rate == 1e-2) - (rate == 1e-4) + (rank == 10) - distractors
            number = min(max(by_model[name] + more, 0), probes)
            low, high = interval(number, probes)
            label, released = MODELS[name]
            rows.append(
                {
                    **{"cloak": cloak, "extractor": name, "extractor_label": label, "released": released},
                    **{"surrogate": (cloak, name) == ("lowkey", "mobile"), "treatment": treatment},
                    **{"unprotected": unprotected, "setting": setting, "false_accept_rate": rate, "rank": rank},
                    **{"distractors": distractors, "found": number, "probes": probes, "low": low, "high": high},
                    "gallery": gallery,
                }
            )
    return pd.DataFrame(rows)


def pictures(cloaks: list[str], names: list[str]) -> pd.DataFrame:
    """Return the pictures of an audit: the names' pictures posted, one without a face, and later ones."""
    used = {"folder": "clean", "chosen": "same person", "reason": "", "faces": 1, "pair": "", "cloak": "none"}
    used |= {"dssim": "", "largest_change": ""}
    rows = [{**used, "file": name, "part": "gallery", "pair": f"p{i}"} for i, name in enumerate(names)]
    rows += [{**used, "file": f"later {i}.jpg", "part": "probe", "faces": 2} for i in range(4)]
    rows.append({**used, "file": "wall.jpg", "part": "unused", "faces": 0, "reason": "no face found"})
    for strength, cloak in enumerate(cloaks, 1):
        rows += [
            {
                **{**used, "folder": cloak, "file": f"{name}_cloaked.png", "part": "posted", "pair": f"p{i}"},
                **{"cloak": cloak, "dssim": 0.004 * strength + 0.001 * i, "largest_change": 10 * strength + i},
            }
            for i, name in enumerate(names)
        ]
    return pd.DataFrame(rows)


def faces(table: pd.DataFrame, size: int = 112) -> dict[str, np.ndarray]:
    """Return a drawn face for every picture that was used: an oval on a ground, with a pattern where it is cloaked."""
    rows = table[table["part"] != "unused"]
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    oval = ((x / 0.62) ** 2 + (y / 0.85) ** 2 < 1) + 0.0
    eyes, mouth = np.hypot((np.abs(x) - 0.25) / 1.6, y + 0.2) < 0.07, (np.abs(x) < 0.25) & (np.abs(y - 0.4) < 0.04)
    oval -= 0.7 * (eyes | mouth)
    drawn = []
    for row in rows.itertuples():
        shade = 150 + 10 * (sum(row.pair.encode()) % 5)
        pixels = np.stack([oval * shade + 40, oval * shade * 0.75 + 60, oval * shade * 0.6 + 80], axis=-1)
        if row.largest_change != "":
            pixels += (float(row.largest_change) * np.sin(9 * x + 5 * y * y))[..., None]
        drawn.append(np.clip(pixels, 0, 255).astype(np.uint8))
    told = {column: rows[column].to_numpy(str) for column in ("folder", "file")}
    return {"faces": np.stack(drawn), "channel": np.full(len(rows), "none"), **told}


def write_audit(folder: Path, name: str = "Ada", names=NAMES, labels=LABELS, **measured) -> dict:
    """Write an audit's files and return them by what they are called; `measured` as `findings` has it."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {kind: folder / f"{kind}.csv" for kind in ("findings", "pictures", "extractors", "offered")}
    files |= {"faces": folder / "faces.h5", "about": folder / "audit.json"}
    found = findings(**measured)
    found.to_csv(files["findings"], index=False)
    cloaks = [cloak for cloak in found["cloak"].unique() if cloak != "none"]
    table = pictures(cloaks, list(names))
    table.to_csv(files["pictures"], index=False)
    write_arrays(files["faces"], faces(table), {})
    told = {"license": "MIT", "trained_on": "VGGFace2", "calibrated_on": "LFW", "pairs": 3000}
    pd.DataFrame(
        [{"extractor": key, "label": label, "released": day, **told} for key, (label, day) in MODELS.items()]
    ).to_csv(files["extractors"], index=False)
    pd.DataFrame(
        [
            ("a", "ArcFace R100", "2019-05-01", 260_665_334, "MIT", "bring"),
            ("b", "CLIP ViT-B/32", "2021-01-05", 605_143_316, "MIT", "fetch"),
            ("c", "dlib 20", "2024-05-01", "", "CC0", "extra dlib"),
        ],
        columns=["extractor", "label", "released", "size", "license", "how"],
    ).to_csv(files["offered"], index=False)
    about = {
        **{"name": name, "seed": 1, "metric": "euclidean", "chooser": "mobile", **ABOUT},
        "folders": {
            "clean": "photographs",
            "cloaked": {cloak: labels.get(cloak, cloak) for cloak in cloaks},
            "later": "",
        },
        "crowd": {"label": "LFW", "people": 5749, "pictures": 13233, "left_out": 0},
    }
    files["about"].write_text(json.dumps(about), encoding="utf-8")
    return files

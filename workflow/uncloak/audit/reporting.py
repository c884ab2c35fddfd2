"""The tables of an audit, from its embeddings."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from uncloak.audit.measuring import MEASURED, NO_TREATMENT, Crowd, Embedded, measure
from uncloak.audit.thresholds import Calibrated, calibrate, of_record
from uncloak.errors import InputError
from uncloak.store import read_arrays
from uncloak.versions import installed

FINDINGS = ["cloak", "extractor", "extractor_label", "released", "surrogate", "treatment", "unprotected", "setting"]
FINDINGS += MEASURED[MEASURED.index("false_accept_rate") :]
EXTRACTORS = ["extractor", "label", "released", "license", "trained_on", "calibrated_on", "pairs"]
OFFERED = ["extractor", "label", "released", "size", "license", "how", "advice"]
_VERSIONS = ("numpy", "torch", "facenet-pytorch", "pillow")


def crowd_without(path: str | os.PathLike | None, faces: str | os.PathLike, own: str) -> tuple[np.ndarray, set[str]]:
    """Return whose the crowd's faces are, text [M], and who of them is the person: by the same photographs, or `own`.

    Args:
        path: file of the crowd's faces; None where there is none.
        faces: of the person's.
        own: the identity whose folder in the crowd is the person's; or empty.
    """
    if path is None:
        return np.empty(0, str), set()
    identity, digest = read_arrays(path, "identity", "digest")
    (mine,) = read_arrays(faces, "digest")
    same = set(identity[np.isin(digest, mine[mine != ""])].tolist())
    return identity, same | ({own} & set(identity.tolist()))


def holds_any(crowd: str | os.PathLike, faces: str | os.PathLike) -> bool:
    """Return whether a file of a crowd's faces has one of the photographs of a person's file."""
    (theirs,), (mine,) = read_arrays(crowd, "digest"), read_arrays(faces, "digest")
    return bool(np.isin(theirs, mine[mine != ""]).any())


def findings(
    pictures: pd.DataFrame,
    files: Mapping[str, str | os.PathLike],
    crowd_files: Mapping[str, str | os.PathLike],
    left_out: set[str],
    told: Mapping,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure every extractor; return the findings and what is said of the extractors, `FINDINGS` and `EXTRACTORS`.

    Args:
        pictures: as `uncloak.audit.pictures.Audited.table`, text.
        files: extractor -> embeddings of the person's faces.
        crowd_files: the same of the crowd's; empty without one.
        left_out: who of the crowd is the person.
        told: `uncloak.plan.audit.measure_told`.
        seed: of the experiment.

    Raises InputError where nothing can be measured: no threshold is known, and there is no crowd.
    """
    found, shown = [], []
    treatments = [NO_TREATMENT, *told["channels"], *told["defenses"]]
    for name, about in told["extractors"].items():
        crowd = read_crowd(crowd_files[name]).without(left_out) if crowd_files else None
        thresholds = _thresholds(about, crowd, told)
        how = {key: told[key] for key in ("metric", "missing", "unprotected")}
        table = measure(pictures, _read(files[name]), treatments, thresholds, crowd, seed=seed, **how)
        known_to = {cloak for cloak, surrogates in told["cloaks"].items() if name in surrogates}
        names = {"extractor": name, "extractor_label": about["label"], "released": about["released"]}
        found.append(table.assign(**names, surrogate=table["cloak"].isin(known_to)))
        row = {"extractor": name, "trained_on": " ".join(about["trained_on"])} | {
            key: about[key] for key in ("label", "released", "license")
        }
        calibrated = {"calibrated_on": thresholds.dataset, "pairs": thresholds.pairs} if thresholds else {}
        shown.append(row | calibrated)
    findings = pd.concat(found, ignore_index=True)
    if findings.empty:
        raise InputError(
            "audit: no threshold of these extractors is known, and there is no crowd; name a folder of other people's"
            " photographs by crowd=FOLDER"
        )
    findings["rank"] = findings["rank"].astype("Int64")
    extractors = pd.DataFrame(shown).reindex(columns=EXTRACTORS)
    return findings[FINDINGS], extractors.astype({"pairs": "Int64"})


def offered(told: Mapping) -> pd.DataFrame:
    """Return the extractors that are not at hand, `OFFERED`."""
    return pd.DataFrame(told["offered"], columns=OFFERED).astype({"size": "Int64"})


def about(told: Mapping, identity: Sequence[str], left_out: set[str], seed: int) -> dict:
    """Return what the audit says of itself."""
    others = [name for name in identity if name not in left_out]
    crowd = told["crowd"] and {
        "label": told["crowd"]["label"],
        "people": len(set(others)),
        "pictures": len(others),
        "left_out": len(left_out),
    }
    kept = ("name", "of", "folders", "cloaks", "channels", "defenses", "metric", "chooser")
    options = {key: told[key] for key in ("missing", "held_back", "unprotected")}
    return {key: told[key] for key in kept} | {
        "options": options,
        "seed": seed,
        "crowd": crowd or None,
        "versions": installed(*_VERSIONS),
    }


def read_crowd(path: str | os.PathLike) -> Crowd:
    """Read the embeddings of a crowd; raises InputError where the file is missing or damaged."""
    embedding, identity, treatment = read_arrays(path, "embedding", "identity", "treatment")
    embeddings = {str(name): embedding[treatment == name] for name in np.unique(treatment)}
    return Crowd(embeddings, identity[treatment == NO_TREATMENT])


def _thresholds(about: Mapping, crowd: Crowd | None, told: Mapping) -> Calibrated | None:
    """The extractor's own; else those of the crowd."""
    recorded = of_record(about["thresholds"], told["metric"])
    if recorded or crowd is None:
        return recorded
    found = calibrate(crowd.embeddings[NO_TREATMENT], crowd.identity, told["crowd"]["label"], told["metric"])
    return found if found.distances else None


def _read(path: str | os.PathLike) -> Embedded:
    return Embedded(*read_arrays(path, "embedding", "folder", "file", "treatment"))

"""How a run was made: with what versions and settings, from which people, extractors and attacks, where, and how long.

One tidy table, of which the page shows most: `part`, `name`, `what`, `value`, all of them text.
"""

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from uncloak.devices import processor, told
from uncloak.errors import InputError
from uncloak.extractors.weights import read_metadata
from uncloak.figures.timings import summarize
from uncloak.files import unreadable
from uncloak.pictures.split import read_split
from uncloak.provenance import PACKAGE
from uncloak.store import read_attributes
from uncloak.versions import installed

COLUMNS = ("part", "name", "what", "value")
_PACKAGES = ("uncloak", "snakemake", "numpy", "pandas", "scipy", "scikit-learn", "h5py", "pillow", "safetensors")
_PACKAGES += ("torch", "torchvision", "facenet-pytorch", "open_clip_torch", "timm", "altair", "vl-convert-python")
_OF_MAKING = ("seed", "device", "precision", "code")
_SECONDS = {"seconds": "seconds", "longest": "longest job, s", "cpu_seconds": "CPU seconds"}

Fact = tuple[str, str, str, object]


def provenance(
    files: Mapping[str, Sequence[str]], words: Mapping, benchmarks: str | os.PathLike, logs: str | os.PathLike
) -> pd.DataFrame:
    """Return the table of how a run was made.

    Args:
        files: `splits`, `extractors`, `perturbed` and `tables`, paths of each.
        words: what the first three are called, in their order, and `settings`, name -> value.
        benchmarks: folder of the jobs' benchmark files, maybe of other runs in this folder, too.
        logs: folder of the jobs' logs.

    Raises InputError where a file is missing or damaged.
    """
    facts = [
        *_software(),
        *(("settings", name, "value", value) for name, value in words["settings"].items()),
        *_splits(dict(zip(files.get("splits", []), words["splits"], strict=True))),
        *_extractors(dict(zip(files.get("extractors", []), words["extractors"], strict=True))),
        *_perturbed(dict(zip(files.get("perturbed", []), words["perturbed"], strict=True))),
        *_stages(Path(benchmarks), Path(logs)),
        *(("tables", path, "SHA-256", sha256(path)) for path in files.get("tables", [])),
    ]
    return pd.DataFrame(facts, columns=COLUMNS).astype(str)


def sha256(path: str | os.PathLike) -> str:
    """Return the hash of a file; raises InputError where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None


def _software() -> Iterator[Fact]:
    yield "software", "Python", "version", platform.python_version()
    for name, version in installed(*_PACKAGES).items():
        yield "software", name, "version", version
    if revision := _revision():
        yield "software", "checkout", "version", revision
    yield "software", "machine of this page", "version", f"{platform.system()}, {processor()}"


def _revision() -> str:
    """The commit of the checkout that this is, marked where files in it were changed; empty where it is none."""
    command = ["git", "-C", str(PACKAGE), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _splits(labels: Mapping[str, str]) -> Iterator[Fact]:
    for path, label in labels.items():
        table = read_split(path)
        people = table.groupby("role")["identity"].nunique()
        roles = [f"{role or 'no role'}: {count}" for role, count in people.items()]
        yield "datasets", label, "people", table["identity"].nunique()
        yield "datasets", label, "by role", ", ".join(roles)
        yield "datasets", label, "faces", len(table)
        yield "datasets", label, "SHA-256 of the split", sha256(path)


def _extractors(labels: Mapping[str, str]) -> Iterator[Fact]:
    for path, label in labels.items():
        made = read_metadata(path)
        yield from _making("extractors", label, made)
        if "source" in made:
            yield "extractors", label, "source", made["source"]
        yield "extractors", label, "SHA-256 of the file", sha256(path)


def _perturbed(labels: Mapping[str, str]) -> Iterator[Fact]:
    for path, label in labels.items():
        yield from _making("perturbed pictures", label, read_attributes(path))


def _making(part: str, label: str, made: Mapping) -> Iterator[Fact]:
    for name in _OF_MAKING:
        if name in made:
            yield part, label, name, made[name]


def _stages(benchmarks: Path, logs: Path) -> Iterator[Fact]:
    """The kinds of jobs, those that took longest first; none where no times were kept."""
    try:
        summary = summarize(benchmarks, logs)
    except InputError:
        return
    for row in summary.to_dict("records"):
        yield "stages", row["rule"], "jobs", row["jobs"]
        for column, name in _SECONDS.items():
            if pd.notna(row[column]):
                yield "stages", row["rule"], name, f"{row[column]:.1f}"
        if pd.notna(row["max_rss_mb"]):
            yield "stages", row["rule"], "memory, MB", f"{row['max_rss_mb']:.0f}"
        if places := _computed_on(logs, row["rule"]):
            yield "stages", row["rule"], "computed on", "; ".join(places)


def _computed_on(logs: Path, rule: str) -> list[str]:
    """On what the jobs of a rule say that they computed, each once."""
    found = {told(path) for path in (*logs.glob(f"{rule}.log"), *logs.glob(f"{rule}/**/*.log"))}
    return sorted(f"{device} in {precision}" for device, precision in filter(None, found))

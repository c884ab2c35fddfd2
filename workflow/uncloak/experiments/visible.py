"""What figures of attacks say of how much the drawn attacks show, whatever the figure."""

from uncloak.experiments.given import Given
from uncloak.pictures.names import identities_of
from uncloak.store import read_arrays


def visible(given: Given) -> list[str]:
    """Return the sentence that gives the mean DSSIM of each drawn attack, over users; none where a figure has none.

    Raises InputError where an attack's file cannot be read.
    """
    labels = given.told.get("visible", [])
    if not labels:
        return []
    shown: dict[str, set[str]] = {}  # attacks that differ in their surrogates have one label
    for label, path in zip(labels, given.files["visible"], strict=True):
        shown.setdefault(label, set()).add(f"{_mean_dssim(path):.3f}")
    each = ", ".join(f"{label} {' to '.join(sorted({min(means), max(means)}))}" for label, means in shown.items())
    return [f"How visible the cloaks are (mean DSSIM of the users' posted faces; 0: no change): {each}."]


def _mean_dssim(path: str) -> float:
    pictures, dssim = read_arrays(path, "picture", "dssim")
    users = identities_of(pictures)
    return float(sum(dssim[users == user].mean() for user in set(users)) / len(set(users)))

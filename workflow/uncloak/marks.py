"""The mark of extractors that have learned people of the dataset they are measured on."""

from collections.abc import Mapping, Sequence

MARK = "†"


def marked(label: str) -> str:
    """Return a label with the mark behind it."""
    return f"{label}{MARK}"


def sentence(learned: Mapping[str, Sequence[str]]) -> str:
    """Say what the mark means, of extractors' labels and the data sets by which they know the people."""
    who = "; ".join(f"{label}: {', '.join(sets)}" for label, sets in learned.items())
    return f"{MARK} Trained on people of this dataset ({who}), whom it may recognize better than people it never saw."

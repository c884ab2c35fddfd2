"""What is said of names that nobody knows."""

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(name: object, known: Iterable[str]) -> str:
    """Return the advice for an unknown name: the nearest known one, else all of them."""
    known = list(known)
    near = get_close_matches(str(name), known, n=1)
    if near:
        return f"do you mean '{near[0]}'?"
    return f"known: {', '.join(sorted(known)) or 'none'}"

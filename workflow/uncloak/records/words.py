"""What is said of names that nobody knows, and of values."""

from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import normalize

_LONGEST = 60
_MOST = 30


def brief(value: object) -> str:
    """Return a value as text, of a long one its beginning."""
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def spelled(name: str, known: Iterable[str]) -> str | None:
    """Return the one of the known names that `name` is, in whatever Unicode form either is written, if there is one."""
    known = list(known)
    forms = {normalize("NFC", each): each for each in known}
    return name if name in known else forms.get(normalize("NFC", name))


def suggestion(name: object, known: Iterable[str]) -> str:
    """Return the advice for an unknown name: the nearest known one, else all of them, or the first of many."""
    known = list(known)
    near = get_close_matches(str(name), known, n=1)
    if near:
        return f"do you mean '{near[0]}'?"
    more = f" and {len(known) - _MOST} more" if len(known) > _MOST else ""
    return f"known: {', '.join(sorted(known)[:_MOST]) or 'none'}{more}"

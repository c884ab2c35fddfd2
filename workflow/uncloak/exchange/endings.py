"""What tools add to the names of the photographs that they cloak."""

import re
import unicodedata

from uncloak.pictures.reading import ENDINGS

# Fawkes: NAME_MODE_cloaked.png, and v1.0 NAME_cloaked.png; LowKey: NAME_attacked.png, with NAME_small.png, the clean
# picture at the size at which it was cloaked (attacks.md 5.1).
_CLOAKED = re.compile(r"(?:_(?:min|low|mid|high|custom|ultra))?_cloaked$|_attacked$", re.IGNORECASE)
_CLEAN = re.compile(r"_small$", re.IGNORECASE)
# Some tools add to a whole file name.
_FORMAT = re.compile(f"(?:{'|'.join(map(re.escape, ENDINGS))})$", re.IGNORECASE)


def bare(stem: str) -> str:
    """Return the stem (a file's name less its last extension) of the photograph from which a tool made this one.

    Composed as Unicode says (NFC): file systems keep one name in several forms.
    """
    return _FORMAT.sub("", _CLEAN.sub("", _CLOAKED.sub("", unicodedata.normalize("NFC", stem))))


def is_cloaked(stem: str) -> bool:
    """Return whether a stem ends as a tool's cloaked pictures do."""
    return bool(_CLOAKED.search(stem))

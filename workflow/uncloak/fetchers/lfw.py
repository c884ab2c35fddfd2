"""Labeled Faces in the Wild by scikit-learn: the funneled pictures (Huang et al. 2007), PERSON/PERSON_0001.jpg."""

import shutil
from pathlib import Path

from uncloak.errors import InputError
from uncloak.fetching import alone

WHAT = "LFW, funneled, by scikit-learn"
SIZE = 233_000_000  # as its site says
LICENCE = "none stated, research only"


def folder(cache: Path) -> Path:
    return cache / "lfw_funneled"


def fetch(cache: Path) -> None:
    place = folder(cache)
    try:
        with alone(place):
            if not place.exists():
                _fetch(place)
    except OSError as error:
        raise InputError(
            f"LFW: cannot be fetched by scikit-learn ({' '.join(str(error).split())[:200]}); go online, or get it"
            " elsewhere (resources/README.md) and put it into the dataset's folder below `data`"
        ) from None


def _fetch(place: Path) -> None:
    # The public function reads all pictures into memory, too.
    from sklearn.datasets._lfw import _check_fetch_lfw

    part = place.with_name(f"{place.name}.part")  # the library takes a folder half unpacked for a whole one
    shutil.rmtree(part, ignore_errors=True)
    try:
        _, found = _check_fetch_lfw(str(part))
        Path(found).rename(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)

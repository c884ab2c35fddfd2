"""Pictures that somebody else perturbed: a folder of files, paired with the posted pictures by their names.

Pictures are "identity/stem", the stem being a file's name without its last extension. A file belongs to a picture only
where identity and stem are equal to the last character: sorted lists and substrings pair the wrong pictures where one
stem begins with another (attacks.md 5.6).
"""

import logging
import os
import re
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar
from unicodedata import normalize

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.folders import files_in, folders_in, printable
from uncloak.pictures.names import identity_of, split_name
from uncloak.pictures.reading import ENDINGS, UnusablePictureError, decode, read_content
from uncloak.progress import track
from uncloak.records.attacks import External
from uncloak.tables import write_table

logger = logging.getLogger(__name__)

# Where files lie below the root; the facescrub layout is FaceCure's (attacks.md 5.1).
_LAYOUTS = {"folder": "{identity}/{file}", "facescrub": "{identity}/face/{file}", "flat": "{file}"}
_COLUMNS = ["file", "picture", "status"]
_Size = tuple[int, int]  # width, height
Kept = TypeVar("Kept")


class UnfitPicturesError(InputError):
    """Posted pictures that have no file, or one that cannot stand for them; `report` tells which, see `Pairing`."""

    def __init__(self, message: str, report: pd.DataFrame):
        super().__init__(message)
        self.report = report


@dataclass(frozen=True)
class Pairing:
    """Which file stands for which posted picture.

    Attributes:
        root: the folder.
        paths: picture -> its file, in the order in which the pictures were given.
        missing: posted pictures without a file.
        extra: files named like perturbed pictures, but of no picture of the dataset.
        ignored: number of the other files: of known pictures that are not posted, or named differently.
        instead: picture without a file -> the picture that is posted in its place: itself, clean, or another one with
            a file. No picture is in both this and `missing`.
    """

    root: Path
    paths: Mapping[str, Path]
    missing: Sequence[str]
    extra: Sequence[Path]
    ignored: int
    instead: Mapping[str, str] = field(default_factory=dict)

    def shown(self, pictures: Sequence[str]) -> list[str]:
        """Return the pictures that these N posted pictures show."""
        return [self.instead.get(picture, picture) for picture in pictures]

    def told_missing(self, pictures: Sequence[str]) -> list[str]:
        """Return "clean" or "dropped" of each of N posted pictures that has no file, and nothing of the others."""
        return [self._fate(picture) if picture in self.instead else "" for picture in pictures]

    def _fate(self, picture: str) -> str:
        return "clean" if self.instead[picture] == picture else "dropped"

    def report(self) -> pd.DataFrame:
        """Return what became of each picture and file: file (below the root), picture, status, sorted by picture.

        Status: used, missing (no file), clean or dropped (no file, and settled so) or extra (no picture); in the report
        of an UnfitPicturesError also damaged and wrong size.
        """
        return self._report({})

    def _report(self, faults: Mapping[str, str]) -> pd.DataFrame:
        rows = [(_name(self.root, path), picture, faults.get(picture, "used")) for picture, path in self.paths.items()]
        rows += [("", picture, "missing") for picture in self.missing]
        rows += [("", picture, self._fate(picture)) for picture in self.instead]
        rows.sort(key=lambda row: row[1])
        rows += [(_name(self.root, path), "", "extra") for path in self.extra]
        return pd.DataFrame(rows, columns=_COLUMNS, dtype=str)


@contextmanager
def reported(path: str | os.PathLike) -> Iterator[None]:
    """Write the report of pictures that do not fit as a table to `path`, before their error goes on."""
    try:
        yield
    except UnfitPicturesError as error:
        write_table(error.report, path)
        raise


def pair_record(
    record: External, root: str | os.PathLike, posted_pictures: Sequence[str], all_pictures: Collection[str]
) -> Pairing:
    """Find the files of the posted pictures as a record of `attacks` says, and settle what becomes of those without.

    Arguments and errors are `pair`'s and `settle`'s.
    """
    pairing = pair(root, record.layout, record.name, [*map(str, posted_pictures)], [*map(str, all_pictures)])
    return settle(pairing, record.missing)


def settle(pairing: Pairing, missing: str) -> Pairing:
    """Return the pairing with something else in place of the pictures that have no file; the log counts them.

    missing: "error" leaves them, to be told when files are read; "clean" posts them as they are; "drop" posts another
        of the user's pictures twice, the next by name.

    Raises InputError where a user's pictures would all be dropped.
    """
    if missing == "error" or not pairing.missing:
        return pairing
    instead = {picture: picture for picture in pairing.missing}
    if missing == "drop":
        theirs: dict[str, list[str]] = {}
        for picture in sorted(pairing.paths):
            theirs.setdefault(identity_of(picture), []).append(picture)
        alone = [picture for picture in pairing.missing if identity_of(picture) not in theirs]
        if alone:
            advice = "perturb one of each user's, or say `missing: clean`"
            total = len(pairing.paths) + len(pairing.missing)
            raise _fault(pairing.root, alone, total, "have no file, nor has another one of their user", advice)
        for picture in pairing.missing:
            own = theirs[identity_of(picture)]
            instead[picture] = own[bisect(own, picture) % len(own)]
    total = len(pairing.paths) + len(instead)
    what = {"clean": "are posted clean", "drop": "are not posted"}[missing]
    logger.warning("%s: %d of %d pictures have no file and %s", pairing.root, len(instead), total, what)
    return replace(pairing, missing=[], instead=instead)


def pair(
    root: str | os.PathLike,
    layout: str,
    name: str,
    posted_pictures: Sequence[str],
    all_pictures: Collection[str],
) -> Pairing:
    """Find the files of the posted pictures. Extra files are warned of by name in the log.

    Args:
        root: the folder.
        layout: "folder" for ROOT/IDENTITY/FILE, "facescrub" for ROOT/IDENTITY/face/FILE, "flat" for ROOT/FILE.
        name: of the files, with {stem} for the picture's: "{stem}_attacked" (with any ending of a picture, in any case)
            or, for one ending only and to the letter, "{stem}_high_cloaked.png".
        posted_pictures: ids whose files are wanted.
        all_pictures: ids of the whole dataset, so that files of others, such as probes, are known.

    Returns:
        The pairing; missing pictures are no error before they are read.

    Raises:
        InputError: where layout or name is malformed; the folder is missing or has no file in this layout; no posted
            picture has a file, or one has several; or, in the flat layout, one shares its stem with another picture.
    """
    root = Path(root)
    pattern = _pattern(name)
    files = _list_files(root, layout)
    posted = dict.fromkeys(posted_pictures)
    if not posted:
        raise InputError(f"{root}: there are no posted pictures to look for; check the split's users")
    known: dict[tuple[str, str], list[str]] = {}
    for picture in sorted({*posted, *all_pictures}):
        known.setdefault(_key(picture, layout), []).append(picture)
    shared = [picture for picture in posted if len(known[_key(picture, layout)]) > 1]
    if shared:
        others = " and ".join(known[_key(shared[0], layout)])
        raise _fault(root, shared, len(posted), "share their stem", "use layout 'folder'", others)

    found: dict[str, list[Path]] = {}
    extra: list[Path] = []
    ignored = 0
    for path in files:
        # Composed, as the pictures' names are.
        match = pattern.fullmatch(normalize("NFC", path.name))
        identity = "" if layout == "flat" else normalize("NFC", path.relative_to(root).parts[0])
        if match and (identity, match["stem"]) not in known:
            extra.append(path)
        elif match and (picture := known[identity, match["stem"]][0]) in posted:
            found.setdefault(picture, []).append(path)
        else:
            ignored += 1
    if not found:
        example = _name(root, (extra or files)[0])
        raise InputError(
            f"{root}: none of its {len(files)} files is a posted picture's: looked for "
            f"{_expected(next(iter(posted)), layout, name)}, for example, and found {example}; "
            f"correct layout '{layout}' or name '{name}'"
        )
    several = {picture: paths for picture, paths in found.items() if len(paths) > 1}
    if several:
        both = " and ".join(_name(root, path) for path in next(iter(several.values())))
        advice = f"keep one of each, or end the name '{name}' with the extension"
        raise _fault(root, list(several), len(posted), "have several files", advice, both)
    if extra:
        names = ", ".join(_name(root, path) for path in extra)
        logger.warning("%s: %d files of no picture of the dataset: %s", root, len(extra), names)
    paths = {picture: found[picture][0] for picture in posted if picture in found}
    missing = [picture for picture in posted if picture not in found]
    logger.info("%s: %d pictures, %d missing, %d other files ignored", root, len(paths), len(missing), ignored)
    return Pairing(root, paths, missing, extra, ignored)


def read_faces(pairing: Pairing, size: int | None = None) -> np.ndarray:
    """Read the files of square faces, uint8 [N,S,S,3] RGB in the order of `pairing.paths`.

    size: S; without it, the size that most of the files have.

    Raises UnfitPicturesError where pictures are missing, damaged, not square or not of that size.
    """
    faces, damaged = _read(pairing, lambda face: face)
    sizes = {picture: _size(face) for picture, face in faces.items()}
    if size is None and sizes:
        size = Counter(min(each) for each in sizes.values()).most_common(1)[0][0]
    _check(pairing, damaged, sizes, dict.fromkeys(sizes, (size, size)))
    return np.stack(list(faces.values()))


def check_photographs(pairing: Pairing, manifest: pd.DataFrame) -> None:
    """Read every file and compare its size with the original's: columns picture, width and height of `manifest`.

    Raises UnfitPicturesError where pictures are missing, damaged or not of the original's size (upright, in pixels).
    """
    sizes, damaged = _read(pairing, _size)
    wanted = dict(zip(manifest["picture"], zip(manifest["width"], manifest["height"], strict=True), strict=True))
    _check(pairing, damaged, sizes, wanted)


def _pattern(name: str) -> re.Pattern:
    if name.count("{stem}") != 1 or "/" in name:
        raise InputError(
            f"name is '{name}'; it must be a file name with {{stem}} in it once, such as '{{stem}}_attacked'"
        )
    before, after = map(re.escape, name.split("{stem}"))
    ending = "" if _has_ending(name) else f"(?i:{'|'.join(map(re.escape, ENDINGS))})"
    return re.compile(f"{before}(?P<stem>.+){after}{ending}", re.DOTALL)


def _has_ending(name: str) -> bool:
    return name.lower().endswith(ENDINGS)


def _list_files(root: Path, layout: str) -> list[Path]:
    """Return the files in their places, sorted; also links to nothing, which are damaged."""
    if layout not in _LAYOUTS:
        raise InputError(f"layout '{layout}' is unknown; choose from {', '.join(_LAYOUTS)}")
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; set the root to where the perturbed pictures are")
    identities = [""] if layout == "flat" else [folder.name for folder in folders_in(root)]
    places = [root / _LAYOUTS[layout].format(identity=identity, file="") for identity in identities]
    files = [path for place in places if os.path.isdir(place) for path in files_in(place)]
    if not files:
        where = _LAYOUTS[layout].format(identity="IDENTITY", file="FILE")
        raise InputError(f"{root}: holds no files; expected {root}/{where} (layout '{layout}')")
    return files


def _key(picture: str, layout: str) -> tuple[str, str]:
    identity, stem = split_name(normalize("NFC", picture))
    return ("" if layout == "flat" else identity, stem)


def _expected(picture: str, layout: str, name: str) -> str:
    identity, stem = split_name(picture)
    file = name.replace("{stem}", stem) + ("" if _has_ending(name) else f" ({', '.join(ENDINGS[:3])}, ...)")
    return _LAYOUTS[layout].format(identity=identity, file=file)


def _read(pairing: Pairing, keep: Callable[[np.ndarray], Kept]) -> tuple[dict[str, Kept], dict[str, str]]:
    """Read every file; return what `keep` makes of each picture, and the reason why each damaged one is unusable."""
    kept: dict[str, Kept] = {}
    damaged: dict[str, str] = {}
    for picture, path in track(pairing.paths.items(), len(pairing.paths), "reading perturbed pictures"):
        try:
            kept[picture] = keep(decode(read_content(path)))
        except UnusablePictureError as error:
            damaged[picture] = str(error)
    return kept, damaged


def _name(root: Path, path: Path) -> str:
    return printable(path.relative_to(root).as_posix())


def _size(picture: np.ndarray) -> _Size:
    return picture.shape[1], picture.shape[0]


def _check(
    pairing: Pairing, damaged: Mapping[str, str], sizes: Mapping[str, _Size], wanted: Mapping[str, _Size]
) -> None:
    wrong = {
        picture: "{} x {} instead of {} x {} pixels".format(*size, *wanted[picture])
        for picture, size in sizes.items()
        if size != wanted[picture]
    }
    total = len(pairing.paths) + len(pairing.missing)
    faults = [
        _fault(pairing.root, pictures, total, what, "make them again")
        for pictures, what in (
            (list(pairing.missing), "have no file"),
            ([f"{picture}: {reason}" for picture, reason in damaged.items()], "are damaged"),
            ([f"{picture}: {reason}" for picture, reason in wrong.items()], "have a wrong size"),
        )
        if pictures
    ]
    if faults:
        statuses = dict.fromkeys(damaged, "damaged") | dict.fromkeys(wrong, "wrong size")
        raise UnfitPicturesError(str(faults[0]), pairing._report(statuses))


def _fault(
    root: Path, pictures: Sequence[str], total: int, what: str, advice: str, example: str | None = None
) -> InputError:
    """Log all `pictures` that are at fault, and return an error that names the first few."""
    logger.error("%s: pictures that %s: %s", root, what, ", ".join(pictures))
    few = example or ", ".join(pictures[:3])
    more = ", ..." if len(pictures) > (1 if example else 3) else ""
    return InputError(f"{root}: {len(pictures)} of {total} posted pictures {what} ({few}{more}); {advice}")

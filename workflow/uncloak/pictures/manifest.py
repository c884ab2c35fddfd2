"""The manifest of a folder dataset: one row for each usable picture, and a reason for each other one."""

import hashlib
import logging
import os
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from uncloak.errors import InputError
from uncloak.folders import printable
from uncloak.layouts import LAYOUTS
from uncloak.parallel import map_in_order
from uncloak.pictures.duplicates import find_near_duplicates, perceptual_hash
from uncloak.pictures.names import picture_name
from uncloak.pictures.reading import UnusablePictureError, decode, read_content
from uncloak.pictures.rejected import REJECTED_COLUMNS
from uncloak.progress import track
from uncloak.records.words import spelled, suggestion
from uncloak.tables import read_text, write_table

logger = logging.getLogger(__name__)

_ENDINGS = {".jpg", ".jpeg", ".png"}
_COLUMNS = ["picture", "identity", "path", "sha256", "width", "height"]


class _File(NamedTuple):
    picture: str
    identity: str
    path: str  # relative to the dataset's root, with forward slashes


class _Inspection(NamedTuple):
    sha256: str
    width: int
    height: int
    hash: int
    reason: str  # why the picture is unusable, or empty


def build_manifest(
    root: str | os.PathLike,
    layout: str = "folder",
    *,
    folders: Mapping[str, Mapping] | None = None,
    minimum_size: int = 40,
    duplicate_distance: int = 4,
    workers: int = 1,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the manifest of the dataset at `root` and its rejected pictures, both sorted by identity and file name.

    layout: one of `uncloak.layouts.LAYOUTS`; pictures are *.jpg, *.jpeg and *.png, and other and hidden files are
    ignored.
    folders: of a dataset joined from several, the name of each folder below `root` and what its people are listed by in
    place of `layout`: its own `layout`, and perhaps `without`, the names of those left out.

    Manifest columns: picture ("identity/stem"), identity, path (relative to root), sha256, width, height (pixels,
    upright). Rejected columns: picture, path, reason. Rejected are pictures that are

    - unreadable, links that lead nowhere, truncated, animated or implausibly large;
    - tiny: their shorter side has less than `minimum_size` pixels;
    - copies, byte for byte, of an earlier picture of the identity; of a picture found under several identities every
      copy goes, because nobody knows whom it shows;
    - second to carry the same stem in an identity (a.jpg and a.png);
    - near-duplicates of an earlier picture of the identity: perceptual hashes at most `duplicate_distance` of 64 bits
      apart; a negative distance keeps them.

    Raises InputError where `root` holds no picture in this layout, or no usable one, a folder cannot be read, or the
    name of a picture is not UTF-8 or has a line break in it, which no table could hold; and where an identity is in two
    of the `folders`, or one to be left out in none.
    """
    root = Path(root)
    files = _list_joined(root, folders) if folders else _list_files(root, layout)
    inspect = partial(_inspect, root, minimum_size)
    inspections = list(
        track(map_in_order(inspect, [file.path for file in files], workers), len(files), "inspecting pictures")
    )
    reasons = [inspection.reason for inspection in inspections]
    _reject_copies(files, inspections, reasons)
    _reject_repeated_stems(files, reasons)
    _reject_near_duplicates(files, inspections, reasons, duplicate_distance)

    kept = [
        (*file, inspection.sha256, inspection.width, inspection.height)
        for file, inspection, reason in zip(files, inspections, reasons, strict=True)
        if not reason
    ]
    rejected = [(file.picture, file.path, reason) for file, reason in zip(files, reasons, strict=True) if reason]
    if not kept:
        raise InputError(
            f"{root}: none of its {len(files)} pictures is usable; replace them (the first, {rejected[0][1]}: "
            f"{rejected[0][2]})"
        )
    logger.info("%s: %d pictures, %d rejected", root, len(kept), len(rejected))
    return pd.DataFrame(kept, columns=_COLUMNS), pd.DataFrame(rejected, columns=REJECTED_COLUMNS, dtype=str)


def write_manifest(table: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write a manifest as a table, whole or not at all."""
    write_table(table[_COLUMNS], path)


def read_manifest(path: str | os.PathLike) -> pd.DataFrame:
    """Read a manifest that was written as a table: text, but for width and height.

    Raises InputError where the file is missing, cannot be read or is no manifest.
    """
    return read_text(path, *_COLUMNS).astype({"width": int, "height": int})


def files_of(manifest: pd.DataFrame, root: str | os.PathLike, pictures: Sequence[str]) -> list[Path]:
    """Return the files, below `root`, of these pictures of a manifest."""
    return [Path(root, path) for path in manifest.set_index("picture").loc[list(pictures), "path"]]


def people_in(manifest: pd.DataFrame, folders: Collection[str]) -> set[str]:
    """Return the identities whose pictures lie in these folders of a joined dataset."""
    return set(manifest.loc[manifest["path"].str.startswith(tuple(f"{name}/" for name in folders)), "identity"])


def _list_joined(root: Path, folders: Mapping[str, Mapping]) -> list[_File]:
    files: list[_File] = []
    found_in: dict[str, str] = {}
    for name, how in folders.items():
        found = _list_files(root / name, how["layout"])
        people = sorted({file.identity for file in found})
        left_out = {_left_out(person, people, name) for person in how.get("without", ())}
        for identity in people:
            if identity not in left_out and found_in.setdefault(identity, name) != name:
                raise InputError(
                    f"identity '{identity}' is in two folders, {found_in[identity]} and {name}; rename one, or leave it"
                    f" out (`without: [{identity}]`)"
                )
        files += [file._replace(path=f"{name}/{file.path}") for file in found if file.identity not in left_out]
    return sorted(files, key=lambda file: (file.identity, file.path))


def _left_out(person: str, people: Sequence[str], folder: str) -> str:
    identity = spelled(person, people)
    if identity is None:
        raise InputError(
            f"'{person}' is to be left out of folder {folder}, but not in it; {suggestion(person, people)}"
        )
    return identity


def _list_files(root: Path, layout: str) -> list[_File]:
    if layout not in LAYOUTS:
        raise InputError(f"layout '{layout}' is unknown; choose one of {', '.join(LAYOUTS)}")
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; set the dataset's root to where its pictures are")
    files = []
    for identity, place, found in LAYOUTS[layout](root):
        pictures = [path for path in found if path.suffix.lower() in _ENDINGS]
        if not pictures:
            logger.warning("%s: no pictures", printable(place))
        for picture in pictures:
            path = picture.relative_to(root).as_posix()
            _check_name(root, path)
            files.append(_File(picture_name(identity, picture.stem), identity, path))
    files.sort(key=lambda file: (file.identity, file.path))
    if not files:
        where = LAYOUTS[layout].__doc__.replace("ROOT", str(root))
        raise InputError(f"{root}: no pictures; expected {where}.jpg, *.jpeg or *.png (layout '{layout}')")
    return files


def _check_name(root: Path, path: str) -> None:
    if printable(path) != path:
        raise InputError(f"{path!r} in {root}: the name is not UTF-8; rename it")
    if "\r" in path or "\n" in path:
        raise InputError(f"{path!r} in {root}: the name has a line break in it; rename it")


def _inspect(root: Path, minimum_size: int, path: str) -> _Inspection:
    try:
        content = read_content(root / path)
    except UnusablePictureError as error:
        return _Inspection("", 0, 0, 0, str(error))
    digest = hashlib.sha256(content).hexdigest()
    try:
        picture = decode(content)
    except UnusablePictureError as error:
        return _Inspection(digest, 0, 0, 0, str(error))
    height, width = picture.shape[:2]
    if min(width, height) < minimum_size:
        return _Inspection(digest, width, height, 0, f"tiny: {width} x {height}, smaller than {minimum_size} pixels")
    return _Inspection(digest, width, height, perceptual_hash(picture), "")


def _reject_copies(files: list[_File], inspections: list[_Inspection], reasons: list[str]) -> None:
    copies: dict[str, list[int]] = {}
    for index, inspection in enumerate(inspections):
        if not reasons[index]:
            copies.setdefault(inspection.sha256, []).append(index)
    for indices in copies.values():
        identities = sorted({files[index].identity for index in indices})
        if len(identities) > 1:
            for index in indices:
                reasons[index] = f"same bytes under several identities: {', '.join(identities)}"
        else:
            for index in indices[1:]:
                reasons[index] = f"same bytes as {files[indices[0]].path}"


def _reject_repeated_stems(files: list[_File], reasons: list[str]) -> None:
    first: dict[str, str] = {}
    for index, file in enumerate(files):
        if reasons[index]:
            continue
        if file.picture in first:
            reasons[index] = f"same stem as {first[file.picture]}"
        else:
            first[file.picture] = file.path


def _reject_near_duplicates(
    files: list[_File], inspections: list[_Inspection], reasons: list[str], distance: int
) -> None:
    members: dict[str, list[int]] = {}
    for index, file in enumerate(files):
        if not reasons[index]:
            members.setdefault(file.identity, []).append(index)
    for indices in members.values():
        hashes = [inspections[index].hash for index in indices]
        for repeat, (original, bits) in find_near_duplicates(hashes, distance).items():
            reasons[indices[repeat]] = f"near-duplicate of {files[indices[original]].path} ({bits} of 64 bits differ)"

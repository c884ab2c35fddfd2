"""The manifest of a folder dataset: one row for each usable picture, and a reason for each other one."""

import hashlib
import logging
import os
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

import pandas as pd

from uncloak.errors import InputError
from uncloak.files import LONGEST_NAME
from uncloak.folders import everything, printable
from uncloak.layouts import LAYOUTS
from uncloak.parallel import map_in_order
from uncloak.pictures.names import picture_name
from uncloak.pictures.reading import ENDINGS, UnusablePictureError, decode, read_content
from uncloak.pictures.rejected import REJECTED_COLUMNS
from uncloak.progress import track
from uncloak.records.words import spelled, suggestion
from uncloak.tables import read_table, write_table

logger = logging.getLogger(__name__)

_COLUMNS = ["picture", "identity", "path", "sha256", "width", "height"]


class _File(NamedTuple):
    picture: str
    identity: str
    path: str  # relative to the dataset's root, with forward slashes
    reason: str = ""  # why it is not even opened


class _Inspection(NamedTuple):
    sha256: str
    width: int
    height: int
    reason: str  # why the picture is unusable, or empty


def build_manifest(
    root: str | os.PathLike,
    layout: str = "folder",
    *,
    folders: Mapping[str, Mapping] | None = None,
    minimum_size: int = 40,
    workers: int = 1,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the manifest of the dataset at `root` and its rejected pictures, both sorted by identity and file name.

    layout: one of `uncloak.layouts.LAYOUTS`. Whatever lies where it looks is tried as a picture, whatever its ending,
    unless it is hidden.
    folders: of a dataset joined from several, the name of each folder below `root` and what its people are listed by in
    place of `layout`: its own `layout`, and perhaps `without`, the names of those left out.

    Manifest columns: picture ("identity/stem"), identity, path (relative to root), sha256, width, height (pixels,
    upright). Rejected columns: picture, path, reason. Rejected are pictures that are

    - unreadable, links that lead nowhere, truncated, animated or implausibly large, or no pictures;
    - hidden, or in a hidden folder, and named like a picture (but for the ._NAME of macOS and the .#NAME of Emacs);
      other hidden files are ignored;
    - anywhere else than where the layout looks, such as beside the people's folders or in folders within them; folders
      that are empty, cannot be read or are links there (`uncloak.folders.everything`);
    - tiny: their shorter side has less than `minimum_size` pixels;
    - copies, byte for byte, of an earlier picture of the identity; of a picture found under several identities every
      copy goes, because nobody knows whom it shows;
    - second to carry the same stem in an identity (a.jpg and a.png).

    Near-duplicates are told when faces are known (`uncloak.pictures.faces`).

    Raises InputError where `root` holds no picture in this layout, or no usable one, a folder cannot be read, or the
    name of a picture is not UTF-8 or has a line break in it, which no table could hold; and where an identity is in two
    of the `folders`, or one to be left out in none.
    """
    root = Path(root)
    files = _list_joined(root, folders) if folders else _list_files(root, layout)
    inspect = partial(_inspect, root, minimum_size)
    inspections = list(track(map_in_order(inspect, files, workers), len(files), "inspecting pictures"))
    reasons = [inspection.reason for inspection in inspections]
    _reject_copies(files, inspections, reasons)
    _reject_repeated_stems(files, reasons)

    kept = [
        (*file[:3], inspection.sha256, inspection.width, inspection.height)
        for file, inspection, reason in zip(files, inspections, reasons, strict=True)
        if not reason
    ]
    rejected = [
        (file.picture, printable(file.path), reason) for file, reason in zip(files, reasons, strict=True) if reason
    ]
    if not kept:
        raise InputError(
            f"{root}: none of its {len(files)} files is usable; replace them (the first, {rejected[0][1]}: "
            f"{rejected[0][2]})"
        )
    people = {file.identity for file in files} - {identity for _, identity, *_ in kept} - {""}
    if people:
        logger.warning("%s: people without a usable picture: %s", root, ", ".join(map(printable, sorted(people))))
    logger.info("%s: %d pictures, %d rejected", root, len(kept), len(rejected))
    return pd.DataFrame(kept, columns=_COLUMNS), pd.DataFrame(rejected, columns=REJECTED_COLUMNS, dtype=str)


def write_manifest(table: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write a manifest as a table, whole or not at all."""
    write_table(table[_COLUMNS], path)


def read_manifest(path: str | os.PathLike) -> pd.DataFrame:
    """Read a manifest that was written as a table: text, but for width and height.

    Raises InputError where the file is missing, cannot be read or is no manifest.
    """
    return read_table(path, *_COLUMNS)


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
        people = sorted({file.identity for file in found} - {""})
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
    files, places = [], set()
    for identity, place, found in LAYOUTS[layout](root):
        places.add(place)
        files += [_file(root, identity, path) for path in found]
    where, listed = LAYOUTS[layout].__doc__, {file.path for file in files}
    rest = [(path.relative_to(root).as_posix(), reason) for path, reason in everything(root, places, ENDINGS)]
    elsewhere = [
        _File("", "", path, reason or f"is not at {where}, where layout '{layout}' looks")
        for path, reason in rest
        if path not in listed
    ]
    if not files:
        where = where.replace("ROOT", str(root))
        beside = f"; found {len(elsewhere)} elsewhere (the first, {printable(elsewhere[0].path)})" if elsewhere else ""
        raise InputError(f"{root}: no pictures; expected {where} (layout '{layout}'){beside}")
    return sorted(files + elsewhere, key=lambda file: (file.identity, file.path))


def _file(root: Path, identity: str, path: Path) -> _File:
    """A file where the layout looks; one whose name no table can hold ends the run if it is named like a picture.

    Identity and stem are composed (NFC), since one name comes in several forms from different systems.
    """
    name = path.relative_to(root).as_posix()
    fault = "is not UTF-8" if printable(name) != name else "has a line break in it" if set(name) & set("\r\n") else ""
    if fault and path.suffix.lower() in ENDINGS:
        raise InputError(f"{name!r} in {root}: the name {fault}; rename it")
    identity, stem = (normalize("NFC", printable(text)) for text in (identity, path.stem))
    reason = f"no picture, and its name {fault}" if fault else ""
    if len(f"{stem}.png".encode()) > LONGEST_NAME:
        reason = f"no room for .png in its name: {LONGEST_NAME} bytes are the most there are; rename it"
    return _File(picture_name(identity, stem), identity, name, reason)


def _inspect(root: Path, minimum_size: int, file: _File) -> _Inspection:
    if file.reason:
        return _Inspection("", 0, 0, file.reason)
    try:
        content = read_content(root / file.path)
    except UnusablePictureError as error:
        return _Inspection("", 0, 0, str(error))
    digest = hashlib.sha256(content).hexdigest()
    try:
        picture = decode(content)
    except UnusablePictureError as error:
        return _Inspection(digest, 0, 0, str(error))
    height, width = picture.shape[:2]
    if min(width, height) < minimum_size:
        return _Inspection(digest, width, height, f"tiny: {width} x {height}, smaller than {minimum_size} pixels")
    return _Inspection(digest, width, height, "")


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

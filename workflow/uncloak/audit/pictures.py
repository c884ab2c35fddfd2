"""One person's photographs, each with its part in the audit, and their faces: what everything after is read from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from uncloak.audit.detecting import NO_CHANNEL, Crop, Found, Pair, Shown, compare, find_faces
from uncloak.audit.listing import CLEAN, LATER, Listed
from uncloak.audit.parts import COLUMNS, GALLERY, NO_CLOAK, POSTED, PROBE, UNPROTECTED, UNUSED
from uncloak.audit.person import ONLY, SAME, choose, strangers
from uncloak.errors import InputError
from uncloak.pictures.channel import Channel
from uncloak.seeds import generator

_SHOWN = 3


@dataclass
class _Picture:
    """A photograph, and what becomes of it on the way."""

    listed: Listed
    found: Found
    part: str = UNUSED
    reason: str = ""
    row: int = 0  # of the faces found, the one chosen
    chosen: str = ""
    landmarks: np.ndarray | None = None
    faces: Mapping[str, np.ndarray] | None = None
    dssim: float = np.nan
    largest_change: float = np.nan

    @property
    def usable(self) -> bool:
        return not self.reason

    def take(self, row: int, chosen: str) -> None:
        self.row, self.chosen, self.landmarks = row, chosen, self.found.landmarks[row]
        self.faces = {name: faces[row] for name, faces in self.found.faces.items()}

    def refuse(self, reason: str) -> None:
        self.reason, self.part = reason, UNUSED


@dataclass(frozen=True)
class Audited:
    """Photographs with their parts.

    Attributes:
        table: `COLUMNS`, a row for each file; `reason` is empty for those that are used.
        arrays: of the M faces of those that are used, once for each channel that they go through ("none": as they are):
            faces uint8 [M,S,S,3], folder, file and channel, text [M], and digest, text [M], of the photograph's pixels.
    """

    table: pd.DataFrame
    arrays: dict[str, np.ndarray]


def audit_pictures(
    listed: Sequence[Listed],
    crop: Crop,
    channels: Mapping[str, Channel],
    points: Callable[[np.ndarray], np.ndarray],
    threshold: float | None,
    *,
    missing: str,
    held_back: float,
    seed: int,
    workers: int = 1,
) -> Audited:
    """Find the person's face in every photograph, and give each photograph its part.

    Args:
        listed: the files, as `uncloak.audit.listing.list_folders` gives them.
        crop: what the aligned faces show.
        channels: name -> what posted photographs may go through.
        points: faces uint8 [N,S,S,3] -> points float64 [N,D] whose distances tell people apart.
        threshold: the distance below which two faces count as one person's, for a false-accept rate of 0.01; None where
            it is not known, and then nobody is told to be somebody else.
        missing: "unprotected" or "drop", what becomes of a clean photograph without a cloaked one.
        held_back: share of the clean photographs that become probes, where there are no later ones.
        seed: of the experiment.
        workers: processes.

    Raises InputError, in one line, where the photographs are not enough for an answer, or of several people.
    """
    through = [{} if each.folder == LATER else channels for each in listed]
    looked = [place for place, each in enumerate(listed) if not each.reason]
    paths = [listed[place].path for place in looked]
    answers = dict(zip(looked, find_faces(paths, crop, [through[place] for place in looked], workers), strict=True))
    pictures = [_Picture(each, answers.get(place, Found())) for place, each in enumerate(listed)]
    for picture in pictures:
        picture.reason = picture.listed.reason or picture.found.reason
    _refuse_copies(pictures)
    _choose_person(pictures, points, threshold)
    _give_parts(pictures, held_back, seed)
    cloaks = list(dict.fromkeys(each.folder for each in listed if each.folder not in (CLEAN, LATER)))
    _pair(pictures, crop, channels, workers)
    for cloak in cloaks:
        _check_cloak(pictures, cloak, missing)
    return _told(pictures, channels)


def _of(pictures: Sequence[_Picture], *folders: str) -> list[_Picture]:
    return [each for each in pictures if each.listed.folder in folders]


def _refuse_copies(pictures: Sequence[_Picture]) -> None:
    """Use every picture once: a model finds the very pixels that it holds, which says nothing of the person.

    Cloaked photographs may be alike, and whether they equal their originals is told when they are paired.
    """
    first: dict[str, _Picture] = {}
    for picture in pictures:  # clean, cloaked, later
        digest, folder = picture.found.digest, picture.listed.folder
        if not (picture.usable and digest):
            continue
        same = first.setdefault(digest, picture)
        if same is not picture and folder in (CLEAN, LATER):
            picture.refuse(f"the same picture as {same.listed.folder}/{same.listed.file}")


def _choose_person(pictures: list[_Picture], points: Callable, threshold: float | None) -> None:
    """Choose the face of every clean photograph, and put those aside that show somebody else."""
    clean = [each for each in _of(pictures, CLEAN, LATER) if each.usable]
    if not any(each.listed.folder == CLEAN for each in clean):
        raise InputError(f"clean: none of its files can be used ({_reasons(_of(pictures, CLEAN))})")
    counts = np.cumsum([len(each.found.boxes) for each in clean])[:-1]
    found = np.split(points(np.concatenate([each.found.faces[NO_CHANNEL] for each in clean])), counts)
    for picture, row, chosen in zip(clean, *choose(found, threshold), strict=True):
        picture.take(row, chosen)
    if threshold is None:
        return
    own = np.stack([faces[each.row] for faces, each in zip(found, clean, strict=True)])
    others = strangers(own, threshold)
    _check_folders(clean, others)
    if 2 * others.sum() >= len(clean) > 1:
        most, rest = (
            [each for each, other in zip(clean, others, strict=True) if other == odd] for odd in (False, True)
        )
        raise InputError(
            f"clean: {len(rest)} of {len(clean)} photographs seem to show other people than the rest"
            f" ({_files(most)} against {_files(rest)}); keep one person's photographs"
        )
    for picture, other in zip(clean, others, strict=True):
        if other:
            picture.refuse("seems to show somebody else than most photographs")


def _check_folders(pictures: Sequence[_Picture], others: np.ndarray) -> None:
    """Refuse two folders of two people, whichever of them has more photographs."""
    told = list(zip(pictures, others, strict=True))
    clean, later = ([row for row in told if row[0].listed.folder == folder] for folder in (CLEAN, LATER))
    if later and any(all(other for _, other in rows) for rows in (clean, later)):
        raise InputError(
            f"later: seems to show somebody else than clean ({_files([each for each, _ in later])} against"
            f" {_files([each for each, _ in clean])}); name two folders of one person"
        )


def _give_parts(pictures: list[_Picture], held_back: float, seed: int) -> None:
    """Say which clean photographs are posted and which are probes."""
    clean, later = ([each for each in _of(pictures, folder) if each.usable] for folder in (CLEAN, LATER))
    if not clean:
        raise InputError(f"clean: none of its files can be used ({_reasons(_of(pictures, CLEAN))})")
    if _of(pictures, LATER):
        if not later:
            raise InputError(f"later: none of its files can be used ({_reasons(_of(pictures, LATER))})")
        probes = later
    elif len(clean) < 2:
        raise InputError(
            f"clean: one photograph can be used ({_files(clean)}), which cannot be both posted and looked for; add"
            " photographs, or name a folder of others by later=FOLDER"
        )
    else:
        number = max(1, round(held_back * len(clean)))
        files = sorted(each.listed.file for each in clean)
        drawn = set(generator(seed, "audit probes").choice(files, size=number, replace=False).tolist())
        probes = [each for each in clean if each.listed.file in drawn]
    for each in clean:
        each.part = GALLERY
    for each in probes:
        each.part = PROBE


def _pair(pictures: list[_Picture], crop: Crop, channels: Mapping[str, Channel], workers: int) -> None:
    """Choose the face of every cloaked photograph: where it is in the clean one, or, without that, the largest."""
    originals = {each.listed.key: each for each in _of(pictures, CLEAN) if each.listed.key}
    cloaked = [each for each in pictures if each.listed.folder not in (CLEAN, LATER) and not each.listed.reason]
    paired = []
    for picture in cloaked:
        original = originals.get(picture.listed.key)
        if original is None or (original.reason and original.landmarks is None):
            if picture.usable:
                picture.part = POSTED
                picture.take(0, ONLY if len(picture.found.boxes) == 1 else "largest")
        elif original.reason:
            picture.refuse(f"its original {original.reason}")
        elif original.part == PROBE:
            picture.refuse("its original is held back as a probe")
        elif picture.found.size != (0, 0):  # it could be read
            paired.append((picture, original))
    tasks = [Pair(o.listed.path, p.listed.path, o.landmarks, channels) for p, o in paired]
    for (picture, original), shown in zip(paired, compare(tasks, crop, workers), strict=True):
        _take_as_original(picture, original, shown)


def _take_as_original(picture: _Picture, original: _Picture, shown: Shown) -> None:
    picture.dssim, picture.largest_change = shown.dssim, shown.largest_change
    if shown.largest_change == 0:
        picture.refuse("equal to its original: no cloak")
    elif picture.found.boxes is not None:
        picture.part = POSTED
        scale = np.array(picture.found.size) / original.found.size
        wanted = original.landmarks.mean(axis=0) * scale
        row = int(np.argmin(np.linalg.norm(picture.found.landmarks.mean(axis=1) - wanted, axis=1)))
        picture.take(row, ONLY if len(picture.found.boxes) == 1 else SAME)
    elif shown.faces is not None:
        # The trainer still has an idea of where the face is.
        picture.part, picture.reason, picture.chosen = POSTED, "", SAME
        picture.landmarks, picture.faces = shown.landmarks, shown.faces


def _check_cloak(pictures: Sequence[_Picture], cloak: str, missing: str) -> None:
    own = _of(pictures, cloak)
    posted = [each for each in own if each.part == POSTED]
    if not posted:
        raise InputError(f"cloaked ({cloak}): none of its files can be used ({_reasons(own)})")
    keys = {each.listed.key for each in _of(pictures, CLEAN)} - {""}
    if missing == UNPROTECTED and not any(each.listed.key in keys for each in own):
        clean = [each for each in pictures if each.part == GALLERY]
        raise InputError(
            f"cloaked ({cloak}): none of its photographs is named after a clean one ({_files(own)} against"
            f" {_files(clean)}); name them alike, or, where the originals are gone, say missing=drop"
        )


def _told(pictures: Sequence[_Picture], channels: Mapping[str, Channel]) -> Audited:
    rows, faces, names = [], [], []
    for each in pictures:
        cloak = NO_CLOAK if each.listed.folder in (CLEAN, LATER) else each.listed.folder
        count = 0 if each.found.boxes is None else len(each.found.boxes)
        known = (each.listed.folder, each.listed.file, each.part, cloak, each.listed.key, count, each.chosen)
        rows.append((*known, each.reason, each.dssim, each.largest_change))
        if each.part == UNUSED:
            continue
        for channel in (NO_CHANNEL, *channels) if each.part != PROBE else (NO_CHANNEL,):
            faces.append(each.faces[channel])
            names.append((each.listed.folder, each.listed.file, channel, each.found.digest))
    folder, file, channel, digest = (np.array(values) for values in zip(*names, strict=True))
    arrays = {"faces": np.stack(faces), "folder": folder, "file": file, "channel": channel, "digest": digest}
    return Audited(pd.DataFrame(rows, columns=COLUMNS), arrays)


def _files(pictures: Sequence[_Picture]) -> str:
    more = ", ..." if len(pictures) > _SHOWN else ""
    return ", ".join(each.listed.file for each in pictures[:_SHOWN]) + more


def _reasons(pictures: Sequence[_Picture]) -> str:
    """The reasons why pictures are not used, the first files of each."""
    found: dict[str, list[_Picture]] = {}
    for each in pictures:
        found.setdefault(each.reason or "not used", []).append(each)
    told = [f"{_files(those)}: {reason}" for reason, those in found.items()]
    return "; ".join(told[:_SHOWN]) + ("; ..." if len(told) > _SHOWN else "")

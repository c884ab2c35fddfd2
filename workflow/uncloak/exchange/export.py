"""Folders of faces for other people's tools, and for ours to read back by `uncloak.exchange.external`."""

import io
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from uncloak.attacks.preparation import untouched
from uncloak.errors import InputError
from uncloak.files import LONGEST_NAME
from uncloak.pictures.names import split_name
from uncloak.progress import track
from uncloak.records.attacks import External, Method, Mixture
from uncloak.writing import Fault, fault, temporary_name

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Naming:
    """Where faces lie in a folder; `layout` and `name` are what `external.pair` needs to find them again.

    Attributes:
        layout: "folder" or "facescrub".
        name: of the files with the faces, {stem} standing for the picture's stem.
        clean_name: of the files with the clean faces beside them, if any.
    """

    layout: str
    name: str
    clean_name: str | None = None

    def place(self, name: str, identity: str, stem: str) -> Path:
        """Return the path, below the folder, of a picture's file named `name`."""
        inner = "face" if self.layout == "facescrub" else ""
        return Path(identity, inner, name.replace("{stem}", stem))


NAMINGS = {
    # attacks.md 5.1. FaceCure knows the clean picture of a Fawkes pair by ".jpg" in its name.
    "lowkey": Naming("facescrub", "{stem}_attacked.png", "{stem}_small.png"),
    "fawkes": Naming("facescrub", "{stem}_high_cloaked.png", "{stem}.jpg"),
    "plain": Naming("folder", "{stem}.png"),
    # For a tool to perturb, which then writes beside them: the original tools take a folder IDENTITY/face.
    "clean": Naming("facescrub", "{stem}.png"),
}


# How FaceCure's scripts expect the files of the attacks that they know.
_METHODS = {"lowkey": "lowkey", "fawkes_v03": "fawkes", "fawkes_v10": "fawkes"}


def export_record(
    record: Method | Mixture | External | None,
    folder: str | os.PathLike,
    pictures: Sequence[str],
    faces: np.ndarray,
    clean: np.ndarray,
) -> None:
    """Write faces into `folder` as other people's tools expect those of an attack, with `export`.

    Args:
        record: the attack; None exports the clean faces, for a tool to perturb.
        folder, pictures: as for `export`.
        faces: uint8 [N,S,S,3], as posted.
        clean: uint8 [N,S,S,3] of the dataset; written as they would be posted if nothing was perturbed.
    """
    if record is None:
        export(folder, pictures, clean, naming="clean")
    else:
        clean = untouched(clean, getattr(record, "preparation", None))
        export(folder, pictures, faces, clean, _METHODS.get(record.method, "plain"))


def export(
    folder: str | os.PathLike,
    pictures: Sequence[str],
    faces: Sequence[np.ndarray],
    clean: Sequence[np.ndarray] | None = None,
    naming: str = "plain",
) -> None:
    """Write faces into `folder`, whole or not at all, with the same bytes when written again.

    Faces are PNG files and keep every bit. The clean pictures of a Fawkes pair must be JPEG files (quality 100, full
    chroma), which does lose a little; read clean faces from the dataset instead.

    Args:
        folder: to write. One that exists is replaced, at the end, if it holds no visible files but those written here.
        pictures: ids "identity/stem" of the N faces.
        faces: N arrays uint8 [H,W,3] RGB, for example one array [N,S,S,3]. Clean ones where naming is "clean".
        clean: the N clean faces, likewise; needed where naming is "lowkey" or "fawkes".
        naming: one of NAMINGS, "lowkey": IDENTITY/face/STEM_attacked.png with STEM_small.png; "fawkes":
            IDENTITY/face/STEM_high_cloaked.png with STEM.jpg; "plain": IDENTITY/STEM.png; "clean":
            IDENTITY/face/STEM.png.

    Raises:
        InputError: where naming, arrays or ids do not fit, two pictures get one file, or the folder cannot be written
            or holds other files.
    """
    folder = Path(folder)
    if naming not in NAMINGS:
        raise InputError(f"naming '{naming}' is unknown; choose from {', '.join(NAMINGS)}")
    scheme = NAMINGS[naming]
    parts = [(scheme.name, faces)]
    if scheme.clean_name is not None:
        if clean is None:
            raise InputError(f"naming '{naming}' has clean faces beside the perturbed ones; give both")
        parts.append((scheme.clean_name, clean))
    ids = [_split(picture) for picture in pictures]
    for _, arrays in parts:
        _check_faces(arrays, pictures)
    if scheme.clean_name is not None:
        _warn_of_sorting(scheme, ids)
    targets = [
        (scheme.place(name, *each), array) for name, arrays in parts for each, array in zip(ids, arrays, strict=True)
    ]
    for target, _ in targets:
        if len(os.fsencode(target.name)) > LONGEST_NAME:
            raise InputError(
                f"{target}: this name of a file is longer than {LONGEST_NAME} bytes, the most that there are; shorten"
                " that of the photograph"
            )
    _replace(folder, {target for target, _ in targets}, lambda temporary: _write(temporary, targets))


def _split(picture: str) -> tuple[str, str]:
    identity, stem = split_name(picture)
    if (
        not (identity and stem)
        or "/" in identity
        or "\\" in picture
        or identity.startswith(".")
        or stem.startswith(".")
    ):
        raise InputError(
            f"'{picture}' cannot name a file; picture ids must be identity/stem, without other slashes or a leading dot"
        )
    return identity, stem


def _check_faces(faces: Sequence[np.ndarray], pictures: Sequence[str]) -> None:
    if len(faces) != len(pictures):
        raise InputError(f"{len(faces)} faces for {len(pictures)} pictures; the numbers must agree")
    for picture, face in zip(pictures, faces, strict=True):
        if face.dtype != np.uint8 or face.ndim != 3 or face.shape[2] != 3 or face.size == 0:
            raise InputError(f"'{picture}' must be uint8 [H,W,3], got {face.dtype} {face.shape}")


def _warn_of_sorting(scheme: Naming, ids: Sequence[tuple[str, str]]) -> None:
    """Warn where FaceCure, which pairs sorted lists, would pair the wrong files (attacks.md 5.6)."""
    clean, perturbed = (
        sorted(ids, key=lambda each, name=name: scheme.place(name, *each).as_posix())
        for name in (scheme.clean_name, scheme.name)
    )
    slipped = ["/".join(one) for one, other in zip(clean, perturbed, strict=True) if one != other]
    if slipped:
        logger.warning("FaceCure, which pairs files by sort order, would mix these pictures up: %s", ", ".join(slipped))


def _write(folder: Path, targets: Sequence[tuple[Path, np.ndarray]]) -> None:
    for target, face in track(targets, len(targets), "writing pictures", unit="files"):
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Never over another file: only the file system knows which names it takes for the same.
            with path.open("xb") as file:
                file.write(_encode(face, path.suffix))
        except FileExistsError:
            raise InputError(f"{target}: two pictures would share this file; picture ids must differ") from None


def _encode(face: np.ndarray, suffix: str) -> bytes:
    file = io.BytesIO()
    if suffix == ".jpg":
        Image.fromarray(face).save(file, "JPEG", quality=100, subsampling="4:4:4")
    else:
        Image.fromarray(face).save(file, "PNG")
    return file.getvalue()


def _replace(folder: Path, names: set[Path], write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary folder, and put it in the place of `folder`."""
    if folder.exists():
        _check_replaceable(folder, names)
    temporary, old = (temporary_name(folder, f"{kind}.") for kind in ("new", "old"))
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        write(temporary)
        if folder.exists():
            folder.rename(old)
        temporary.rename(folder)
    except OSError as error:
        found = fault(error) or Fault(error.strerror, "choose another folder")
        raise InputError(f"{folder}: cannot be written ({found.reason}); {found.mend}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


def _check_replaceable(folder: Path, names: set[Path]) -> None:
    """Keep what others wrote there, such as a tool's perturbed pictures beside our clean ones."""
    if not folder.is_dir():
        raise InputError(f"{folder}: is a file; choose a folder that does not exist yet")
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    # Hidden files are marks of file managers and of Snakemake.
    others = [path for path in files if path not in names and not any(part.startswith(".") for part in path.parts)]
    if others:
        raise InputError(
            f"{folder}: holds {len(others)} files that this export does not write ({others[0]}); move them or choose "
            "another folder"
        )

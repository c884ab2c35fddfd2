"""One attack on whole photographs, file to file: through a differentiable alignment, or on the face crop, merged back.

Photographs are read upright and written as PNG of the same size. The trainer will detect and align them anew.
"""

import logging
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image

from uncloak.allocation import available_memory
from uncloak.attacks.batch import Runner, View, batches, one_thread
from uncloak.attacks.merging import TOOLS, AlignedCrop, BoxCrop, Tool, tool_box
from uncloak.attacks.perturb import find_method, options_of, read_options, settings_of
from uncloak.attacks.preparation import prepare
from uncloak.attacks.view import alignment_view
from uncloak.errors import InputError
from uncloak.folders import inside
from uncloak.parallel import Track, map_in_order, share_out
from uncloak.pictures.alignment import original_similarity, similarity
from uncloak.pictures.detection import Candidates, Detector, most_central
from uncloak.pictures.landmarks import template
from uncloak.pictures.photographs import Photographs
from uncloak.pictures.reading import load_picture
from uncloak.progress import Progress, track
from uncloak.records.attacks import Frame, Method, Preparation
from uncloak.writing import atomic

logger = logging.getLogger(__name__)

# What an attack on a whole photograph takes, measured: LowKey with DSSIM, 3.9 GB for 12 megapixels.
_BYTES_PER_PIXEL = 330


def perturb_record(
    record: Method,
    photographs: Photographs,
    folder: str | os.PathLike,
    surrogates: Sequence[Callable[[torch.Tensor], torch.Tensor]],
    seed: int,
    *,
    targets: np.ndarray | None = None,
    alexnet: str | os.PathLike | None = None,
    device: str = "cpu",
    workers: int = 1,
) -> pd.DataFrame:
    """Perturb photographs as a record of `attacks` with a `photograph` says.

    Args:
        record: the attack.
        photographs: what is perturbed; the surrogates see faces of its size unless the record has another.
        folder, surrogates, seed: as for `perturb_photographs`; the surrogates expect faces of `margin_of`.
        targets: uint8 [N,S,S,3], the target face of each picture, of any size; for an attack that is to be targeted.
        alexnet, device, workers: as for `perturb.perturb_record`.

    Returns and raises as `perturb_photographs` does.
    """
    frame = framed(record, photographs.face_size)
    return perturb_photographs(
        photographs.pictures,
        photographs.files,
        photographs.landmarks,
        folder,
        record.method,
        options_of(record, alexnet),
        surrogates,
        seed,
        frame,
        margin=margin_of(record, photographs),
        targets=None if targets is None else prepare(targets, Preparation(size=frame.size)),
        batch_size=record.batch or 1,
        device=device,
        precision=record.precision or "auto",
        compile=record.compile,
        workers=workers,
    )


def photograph_settings(record: Method, face_size: int, alexnet: str | os.PathLike | None = None) -> dict:
    """Return every option of a record that was in force, as `perturb.settings_of` does, and those of its frame."""
    return settings_of(record, alexnet) | framed(record, face_size).model_dump()


def margin_of(record: Method, photographs: Photographs) -> int:
    """Return the margin of the crops that the surrogates see: the dataset's, but a published tool's box has none."""
    return photographs.margin if record.photograph.frame == "aligned" else 0


def framed(record: Method, face_size: int) -> Frame:
    """Return what of a photograph the surrogates of this attack see, on a dataset with faces of this side in pixels."""
    return record.photograph.model_copy(update={"size": record.photograph.size or face_size})


def perturb_photographs(
    pictures: Sequence[str],
    paths: Sequence[str | os.PathLike],
    landmarks: np.ndarray,
    folder: str | os.PathLike,
    attack: str,
    options: Mapping[str, object],
    surrogates: Sequence[Callable[[torch.Tensor], torch.Tensor]],
    seed: int,
    frame: Frame,
    targets: np.ndarray | None = None,
    batch_size: int = 1,
    device: str | torch.device = "cpu",
    precision: str = "auto",
    compile: bool = False,
    workers: int = 1,
    margin: int = 0,
) -> pd.DataFrame:
    """Perturb photographs with one attack and write them to `folder`/IDENTITY/STEM.png, each whole or not at all.

    LowKey and PGD perturb the whole photograph through the alignment, unless the frame is a box; other attacks perturb
    the face crop, whose cloak is added to the photograph. As in `perturb.perturb`, batches have one size and every
    process computes with one CPU thread, so that a file's bytes depend on its photograph alone.

    Args:
        pictures: ids "IDENTITY/STEM" of the N photographs.
        paths: their files, which may be turned by EXIF.
        landmarks: float [N,5,2], (x, y) in pixels of the upright photographs; not used with frame "box".
        folder: where to write.
        attack, options, surrogates, seed: as for `perturb.perturb`.
        frame: what the surrogates see, with its size: the crop "aligned", which extractors are trained on, or the
            "box" of Fawkes' published tools (attacks.md 3.2 and 3.4) around the most central face, where a detector
            finds one. An aligned crop is merged cleanly; a box also as the tools do (2.7). With warp "original" the
            crop is fitted as LowKey's code does (`alignment.original_similarity`).
        targets: uint8 [N,size,size,3], the target face of each picture, for an attack that is to be targeted.
        batch_size: photographs computed together. Those of an attack through the alignment must have one size, and
            what remains of a size is filled up with copies: raise it where many photographs share a size.
        device, precision, compile, workers: as for `perturb.perturb`.
        margin: what an aligned crop shows beyond the standard one, in its pixels (`uncloak.crops`).

    Returns:
        One row per picture, in their order: picture and path (relative to the folder). A photograph in which no face is
        found is written unchanged, as the published tools do.

    Raises:
        InputError: where arguments do not fit, a file cannot be read, a photograph is too small for the attack, a
            surrogate gives NaN or a zero vector, or a worker is killed.
    """
    pictures = list(pictures)
    _check(pictures, paths, landmarks, targets, frame)
    method = find_method(attack)
    run = Runner(attack, method, read_options(attack, options), surrogates, seed, device, precision, compile)
    workers = run.workers(workers)
    through = frame.frame == "aligned" and getattr(method, "PHOTOGRAPHS", False)
    if frame.frame == "box":
        crops = _box_crops(paths, attack, frame, device, workers)
    else:
        fit = original_similarity if through and frame.warp == "original" else similarity
        crops = _aligned_crops(pictures, landmarks, frame.size, margin, fit)

    folder = Path(folder)
    for row, crop in enumerate(crops):
        if crop is None:
            logger.warning("%s: no face found, so the photograph is left as it is", pictures[row])
            _write(folder, pictures[row], load_picture(paths[row]))
    found = np.array([row for row, crop in enumerate(crops) if crop is not None], dtype=int)
    groups, largest = _by_size(found, paths, workers) if through else ([found], 0)
    workers = _affordable(workers, batch_size * largest)
    parts = [
        (group[places], real.stop - real.start) for group in groups for places, real in batches(len(group), batch_size)
    ]

    def cloak(part: tuple[np.ndarray, int], track: Track) -> None:
        rows, count = part
        photographs = [load_picture(paths[row]) for row in rows[:count]]
        photographs += photographs[-1:] * (batch_size - count)
        there, names = [crops[row] for row in rows], [pictures[row] for row in rows]
        perturb = partial(run, names=names, targets=None if targets is None else targets[rows], track=track)
        with _named(*names):
            if through:
                results = _through(perturb, photographs, there, frame.warp)
            else:
                results = _on_crops(perturb, photographs, there)
        for name, result in zip(names[:count], results[:count], strict=True):
            _write(folder, name, result)

    with one_thread(), Progress(len(found), attack) as progress:
        for _ in share_out(cloak, parts, workers, [count for _, count in parts], progress.reach):
            pass
    return pd.DataFrame({"picture": pictures, "path": [f"{name}.png" for name in pictures]})


def _through(perturb: Callable, photographs: list[np.ndarray], crops: list[AlignedCrop], warp: str) -> list[np.ndarray]:
    """Perturb photographs of one size through their alignment."""
    height, width = photographs[0].shape[:2]
    matrices = np.stack([crop.matrix for crop in crops])

    def views(rows: slice) -> View:
        return alignment_view(matrices[rows], height, width, crops[0].size, warp)

    return list(perturb(np.stack(photographs), views=views).astype(np.uint8))


def _on_crops(perturb: Callable, photographs: list[np.ndarray], crops: list[AlignedCrop | BoxCrop]) -> list[np.ndarray]:
    """Perturb the crops of photographs and merge the cloaks back."""
    clean = np.stack([crop.cut(photograph) for crop, photograph in zip(crops, photographs, strict=True)])
    cloaked = perturb(clean)
    return [crop.merge(*each) for crop, *each in zip(crops, photographs, clean, cloaked, strict=True)]


def _aligned_crops(
    pictures: list[str], landmarks: np.ndarray, size: int, margin: int, fit: Callable
) -> list[AlignedCrop]:
    places, crops = template(size, margin), []
    for picture, points in zip(pictures, landmarks, strict=True):
        with _named(picture):
            crops.append(AlignedCrop(fit(points, places), size))
    return crops


def _box_crops(
    paths: Sequence, attack: str, frame: Frame, device: str | torch.device, workers: int
) -> list[BoxCrop | None]:
    """The published tool's crop of each photograph, None where its detector finds no face."""
    if attack not in TOOLS:
        raise InputError(f"photograph: frame 'box' is that of {' and '.join(TOOLS)}, not of {attack}; use 'aligned'")
    tool = TOOLS[attack]
    detector = Detector(tool.minimum_face, device)
    stretch = frame.stretch if frame.merge == "original" else "none"

    def find(path: str | os.PathLike) -> BoxCrop | None:
        photograph = load_picture(path)
        height, width = photograph.shape[:2]
        faces = _usable(detector.detect([photograph])[0], tool)
        if not len(faces.boxes):
            return None
        box = tool_box(faces.boxes[most_central(faces, width, height)], len(faces.boxes), width, height, tool)
        return BoxCrop(box, tool.padding, frame.size, stretch)

    return list(track(map_in_order(find, paths, workers), len(paths), "detecting faces"))


def _usable(candidates: Candidates, tool: Tool) -> Candidates:
    sides = candidates.boxes[:, 2:] - candidates.boxes[:, :2]
    usable = (sides >= tool.minimum_face).all(axis=1) & (candidates.probabilities >= tool.minimum_probability)
    return Candidates(*(values[usable] for values in candidates))


def _by_size(rows: np.ndarray, paths: Sequence, workers: int) -> tuple[list[np.ndarray], int]:
    """Rows of photographs of one size each, and the pixels of the largest.

    The largest come first, so that no core is left with one of these at the end. All files are read, so that a bad one
    is told before the work begins.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    shapes = map_in_order(lambda row: load_picture(paths[row]).shape[:2], rows.tolist(), workers)
    for row, shape in zip(rows, shapes, strict=True):
        groups.setdefault(shape, []).append(row)
    falling = sorted(groups, key=math.prod, reverse=True)
    return [np.array(groups[shape]) for shape in falling], math.prod(falling[0]) if falling else 0


def _affordable(workers: int, pixels: int) -> int:
    """How many of these processes memory allows, each with a batch of so many pixels."""
    available = available_memory()
    if available is None or workers * pixels * _BYTES_PER_PIXEL <= available:
        return workers
    fewer = max(1, available // (pixels * _BYTES_PER_PIXEL))
    logger.warning("%d processes in place of %d, for there is memory for no more photographs", fewer, workers)
    return fewer


def _write(folder: Path, picture: str, photograph: np.ndarray) -> None:
    with atomic(inside(folder, f"{picture}.png")) as path:
        Image.fromarray(photograph).save(path)


def _check(
    pictures: list[str], paths: Sequence, landmarks: np.ndarray, targets: np.ndarray | None, frame: Frame
) -> None:
    if len(set(pictures)) < len(pictures):
        raise InputError("photographs: a picture is listed twice; name each once")
    if len(paths) != len(pictures):
        raise InputError(f"photographs: {len(paths)} paths for {len(pictures)} pictures; the numbers must agree")
    if frame.frame == "aligned" and np.shape(landmarks) != (len(pictures), 5, 2):
        raise InputError(
            f"photographs: landmarks have shape {np.shape(landmarks)}, not {(len(pictures), 5, 2)}; detect them first"
        )
    expected = (len(pictures), frame.size, frame.size, 3)
    if targets is not None and (targets.dtype != np.uint8 or targets.shape != expected):
        raise InputError(f"targets must be uint8 {expected}, got {targets.dtype} {targets.shape}")


@contextmanager
def _named(*pictures: str) -> Iterator[None]:
    """Let an error that names none of these photographs name the first."""
    try:
        yield
    except InputError as error:
        if any(picture in str(error) for picture in pictures):
            raise
        raise InputError(f"{pictures[0]}: {error}") from None

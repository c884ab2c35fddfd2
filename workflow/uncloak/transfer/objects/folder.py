"""ImageNet's validation pictures from a folder with one subfolder per class."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from timm.data import ImageNetInfo

from uncloak.errors import InputError
from uncloak.folders import files_in, folders_in, printable
from uncloak.pictures.reading import ENDINGS, load_picture
from uncloak.progress import track
from uncloak.seeds import generator

CLASSES = 1000


def make(record: Mapping, folder: str | os.PathLike, seed: int) -> tuple[int, dict[str, np.ndarray]]:
    """Read record["pictures"]["test"] pictures of each class from `folder`, as `read_folder` does."""
    return CLASSES, read_folder(folder, record["pictures"]["test"], record["resize"], record["size"], seed)


def read_folder(root: str | os.PathLike, count: int, resize: int, size: int, seed: int) -> dict[str, np.ndarray]:
    """Read `count` pictures of each class, drawn at random by name, from ROOT/CLASS/*.

    A class's folder is called by its WordNet id (n01440764) or by its index among the 1000 (0 to 999). Pictures are
    scaled to a shorter side of `resize` and cut to the middle `size` x `size` (bilinear), as published models expect.

    Returns arrays as `uncloak.transfer.objects.drawn.draw_objects` does, all of part "test": `pictures` uint8
    [N,size,size,3], `label` int64 [N] (ImageNet's indices), `part` and `picture` (path below ROOT) text [N].

    Raises InputError where the folder is missing or has none, an unknown or a poor class, for a damaged picture, and
    for a size above resize.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; put ImageNet's validation pictures there, one subfolder per class")
    if not 0 < size <= resize:
        raise InputError(f"objects: size is {size}; it must be at least 1 and at most resize, {resize}")
    folders = folders_in(root)
    if not folders:
        raise InputError(f"{root}: has no subfolders; it needs one per class, called by its WordNet id")
    wanted = []
    for folder in folders:
        label = _index(folder)
        pictures = [file for file in files_in(folder) if file.suffix.lower() in ENDINGS]
        if len(pictures) < count:
            raise InputError(f"{folder}: has {len(pictures)} pictures, {count} are wanted of each class; ask for fewer")
        order = generator(seed, "pictures of class", folder.name).permutation(len(pictures))
        wanted += [(pictures[place], label) for place in sorted(order[:count])]
    chosen = track(wanted, len(wanted), "reading pictures")
    return {
        "pictures": np.stack([_middle(load_picture(file), resize, size) for file, _ in chosen]),
        "label": np.array([label for _, label in wanted]),
        "part": np.full(len(wanted), "test"),
        "picture": np.array([printable(file.relative_to(root).as_posix()) for file, _ in wanted]),
    }


def _index(folder: Path) -> int:
    """Return the index of the class that a folder is called by."""
    synsets = ImageNetInfo("imagenet-1k").label_names()
    if folder.name in synsets:
        return synsets.index(folder.name)
    if folder.name.isdecimal() and int(folder.name) < CLASSES:
        return int(folder.name)
    raise InputError(
        f"{printable(folder)}: no class of ImageNet; call it by its WordNet id or its index, or move it elsewhere"
    )


def _middle(pixels: np.ndarray, resize: int, size: int) -> np.ndarray:
    height, width = pixels.shape[:2]
    scale = resize / min(height, width)
    shape = (max(resize, round(width * scale)), max(resize, round(height * scale)))
    scaled = np.asarray(Image.fromarray(pixels).resize(shape, Image.Resampling.BILINEAR))
    top, left = (scaled.shape[0] - size) // 2, (scaled.shape[1] - size) // 2
    return scaled[top : top + size, left : left + size]

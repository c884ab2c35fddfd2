"""Measure LPIPS between the clean and the perturbed pictures of one attack."""

import json
from pathlib import Path

from uncloak.jobs import logged

import pandas as pd
import torch

from uncloak.attacks.preparation import Preparation, prepare
from uncloak.attacks.terms.lpips import load_lpips
from uncloak.devices import choose_device
from uncloak.pictures.manifest import read_manifest
from uncloak.pictures.reading import load_picture
from uncloak.pictures.stored import read_faces
from uncloak.pictures.tensors import as_floats
from uncloak.progress import track
from uncloak.store import read_arrays
from uncloak.tables import read_table, write_table


def pairs(files, preparation):
    """Ids of the pictures, and their pairs of uint8 arrays [H,W,3], one after the other."""
    if files.get("table"):
        manifest = read_manifest(files.manifest).set_index("picture")["path"]
        table = read_table(files.table)
        paths = zip(manifest[table["picture"]], table["path"], strict=True)
        loaded = (
            (load_picture(Path(files.originals, clean)), load_picture(Path(files.root, other)))
            for clean, other in paths
        )
        return table["picture"], loaded
    perturbed, pictures = read_arrays(files.perturbed, "faces", "picture")
    clean = read_faces(files.faces, pictures)
    return pictures, zip(prepare(clean, preparation) if preparation else clean, perturbed, strict=True)


def floats(picture, device):
    return as_floats(picture[None].copy(), device).contiguous()


with logged(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    device = choose_device()
    spec = json.loads(snakemake.params.spec)
    measure = load_lpips(snakemake.input.alexnet)
    pictures, both = pairs(snakemake.input, Preparation(**spec) if spec else None)
    with torch.inference_mode():
        distances = [
            float(measure(floats(clean, device), floats(perturbed, device)))
            for clean, perturbed in track(both, len(pictures), "LPIPS")
        ]
    write_table(pd.DataFrame({"picture": pictures, "lpips": distances}), snakemake.output[0])

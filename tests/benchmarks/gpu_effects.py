"""Embeddings per second of faces in a file, and what an attack does in bfloat16 beside float32."""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from gpu_settings import QUICK, STEPS, SURROGATES, extractors_of, noted
from loops import ATTACKS, Watch, channels_last, random_faces
from surrogates import SIDE, published
from torch import nn

from uncloak.attacks.perturb import perturb


def embedding(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield embeddings per second of faces in a file, beside the passes alone and the reading alone."""
    device, count = torch.device(arguments.device), 100 if arguments.quick else 8192
    with tempfile.TemporaryDirectory() as folder:
        for name in ("ir10", "vit_b32_short") if arguments.quick else ("ir50", "vit_b32", "ir152"):
            row = {"what": "embedding", "network": name, "faces": count}
            with noted(row):
                row |= _embeddings(published(name).to(device), Path(folder, "faces.h5"), count, device)
            yield row


def _embeddings(extractor: nn.Module, path: Path, count: int, device: torch.device) -> dict:
    from uncloak.extractors.embedding import BATCH, embed
    from uncloak.store import open_arrays, write_arrays

    if not path.exists():
        write_arrays(path, {"faces": random_faces(count, SIDE)}, {})
    with open_arrays(path) as file:
        faces = file["faces"]
        embed(extractor, faces[: 2 * BATCH], str(device))  # to warm up
        begin = time.perf_counter()
        embed(extractor, faces, str(device))
        embedded = time.perf_counter() - begin
        begin = time.perf_counter()
        for start in range(0, count, BATCH):
            faces[start : start + BATCH]
        reading = time.perf_counter() - begin
    batch = channels_last(torch.rand(min(BATCH, count), 3, SIDE, SIDE, device=device))
    watch = Watch(device, 1, count // len(batch), 10)
    with torch.inference_mode():
        for _ in watch(range(count)):
            extractor(batch)
    return {
        "embeddings/s": count / embedded,
        "bare/s": len(batch) / watch.step,
        "over bare": embedded / count * len(batch) / watch.step,
        "read faces/s": count / reading,
    }


def protection(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield what an attack does in bfloat16 beside float32, on drawn faces.

    "protected" is the share of perturbed pictures whose nearest clean face, but for the one they were made from, is
    somebody else's, as the attack's first surrogate and a network that it does not know embed them; "clean" the same of
    those pictures before. Random networks tell people apart less well than trained ones.
    """
    from uncloak.drawn.drawing import draw_faces, picture_names
    from uncloak.extractors.embedding import embed
    from uncloak.visibility.pictures import dssim

    device = torch.device(arguments.device)
    people, each = (3, 2) if arguments.quick else (16, 4)
    names = picture_names(people, each)
    faces = draw_faces("benchmark", 1, names, SIDE, 0.05, os.cpu_count() or 1)[0][:]
    owners = np.array([name.split("/")[0] for name in names])
    perturbed_rows = np.arange(0, len(names), each)
    stranger = published("ir10" if arguments.quick else "ir50", 99).to(device)
    for attack, surrogate_names in (QUICK if arguments.quick else SURROGATES).items():
        attacked = extractors_of(surrogate_names, device)
        made = {}
        for precision in ("float32", "bfloat16"):
            row = {"what": "protection", "attack": attack, "mode": precision, "pictures": len(perturbed_rows)}
            with noted(row):
                steps = 2 if arguments.quick else STEPS[attack]
                begin = time.perf_counter()
                made[precision] = perturb(
                    faces[perturbed_rows],
                    [names[row] for row in perturbed_rows],
                    attack,
                    {**ATTACKS[attack].options, "steps": steps},
                    attacked,
                    1,
                    len(perturbed_rows),
                    device=device,
                    precision=precision,
                )
                row |= {"steps": steps, "pictures/s": len(perturbed_rows) / (time.perf_counter() - begin)}
                for what, network in (("its surrogate", attacked[0]), ("a stranger", stranger)):
                    clean, moved = (embed(network, each, str(device)) for each in (faces, made[precision]))
                    for kind, queries in (("clean", clean[perturbed_rows]), ("protected", moved)):
                        row[f"{kind}, {what}"] = _mistaken(queries, perturbed_rows, clean, owners)
                row["DSSIM"] = float(dssim(faces[perturbed_rows], made[precision]).mean())
                row["bytes as in float32"] = float((made[precision] == made["float32"]).mean())
            yield row


def _mistaken(queries: np.ndarray, rows: np.ndarray, clean: np.ndarray, owners: np.ndarray) -> float:
    """Share of queries, made from these rows of the clean faces, that are nearest to somebody else's."""
    distances = np.linalg.norm(queries[:, None].astype(np.float64) - clean, axis=2)
    distances[np.arange(len(rows)), rows] = np.inf
    return float((owners[distances.argmin(axis=1)] != owners[rows]).mean())

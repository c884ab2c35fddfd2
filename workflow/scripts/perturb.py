"""Perturb a shard of the users' gallery pictures by one attack."""

import importlib
import json

import numpy as np
import pandas as pd
import torch

from uncloak.attacks.perturb import perturb
from uncloak.attacks.quality import dssim, linf, rms
from uncloak.extractors.weights import load
from uncloak.jobs import logged
from uncloak.provenance import digest
from uncloak.store import open_arrays, read_arrays, write_arrays

with logged(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    spec, seed = json.loads(snakemake.params.spec), snakemake.params.seed
    shard, shards = map(int, snakemake.wildcards.scatteritem.split("-of-"))
    split = pd.read_csv(snakemake.input.split)
    posted = split.loc[(split["role"] == "user") & (split["part"] == "gallery"), "picture"].to_numpy(str)
    (pictures,) = read_arrays(snakemake.input.faces, "picture")
    with open_arrays(snakemake.input.faces) as file:
        rows = np.flatnonzero(np.isin(pictures, posted))
        pictures, faces = pictures[rows], file["faces"][rows]
    surrogates = [load(path, device) for path in snakemake.input.surrogates]
    mine = slice(shard - 1, None, shards)

    targets = None
    if "targets" in spec:
        # Not a plain import, because only targeted attacks are stale when the choice of targets changes.
        choice = importlib.import_module("uncloak.attacks.targets")
        split = pd.read_csv(snakemake.input.target_split)
        background = split.loc[split["role"] == "background", "picture"].to_numpy(str)
        (offered,) = read_arrays(snakemake.input.target_faces, "picture")
        rows = np.flatnonzero(np.isin(offered, background))
        rows = rows[
            choice.choose_candidates(offered[rows], spec["targets"]["people"], spec["targets"]["pictures"], seed)
        ]
        with open_arrays(snakemake.input.target_faces) as file:
            candidates = file["faces"][rows]
        targets = choice.target_faces(faces, pictures, candidates, offered[rows], surrogates, seed, device)[mine]

    options = dict(spec.get("options", {}))
    if snakemake.input.get("alexnet"):
        options["alexnet"] = snakemake.input.alexnet
    faces, pictures = faces[mine], pictures[mine]
    perturbed, seconds = perturb(
        faces,
        pictures,
        spec["method"],
        options,
        surrogates,
        seed,
        batch_size=spec.get("batch", 32),
        targets=targets,
        device=device,
        precision=spec.get("precision", "float32"),
    )
    write_arrays(
        snakemake.output[0],
        {
            "faces": perturbed,
            "picture": pictures,
            "dssim": dssim(faces, perturbed),
            "linf": linf(faces, perturbed),
            "rms": rms(faces, perturbed),
            "seconds": seconds,
        },
        {"recipe": digest(snakemake.params.spec + snakemake.params.code), "spec": snakemake.params.spec, "seed": seed},
    )

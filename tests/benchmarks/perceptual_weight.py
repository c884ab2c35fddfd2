"""Choose the weight of DSSIM in LowKey of the embedded default, on background identities that no extractor learned.

Run it in a checkout whose default run is finished: `uv run python tests/benchmarks/perceptual_weight.py`.
It prints, for each weight, how visible the perturbation is and how well it protects. No user is looked at.
"""

import numpy as np
import pandas as pd
import torch

from uncloak import configuration
from uncloak.attacks.perturb import perturb
from uncloak.extractors.embedding import embed
from uncloak.extractors.training import held_out
from uncloak.extractors.weights import load
from uncloak.recognition.comparing import compare
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.evaluation import evaluate
from uncloak.store import read_arrays
from uncloak.visibility.pictures import dssim

WEIGHTS = (0.005, 0.0125, 0.025, 0.05, 0.125)
USERS = 8
GALLERY = 10  # of 16 pictures

torch.set_num_threads(1)
config = configuration.load(".")
seed, surrogates = config["seed"], config["attacks"]["lowkey"]["surrogates"]
names = [*surrogates, *(name for name in ("facenet", "magface", "clip") if name not in surrogates)]
extractors = {name: load(f"results/extractors/{name}.safetensors") for name in names}

faces, pictures = read_arrays("results/background/faces.h5", "faces", "picture")
identities = np.array([picture.split("/")[0] for picture in pictures])
kept = np.isin(identities, held_out(identities, config["extractors"][names[0]]["train"]["held_out"], seed))
faces, pictures, identities = faces[kept], pictures[kept], identities[kept]
users = np.unique(identities)[:USERS]
place = np.concatenate([np.arange(count) for count in np.unique(identities, return_counts=True)[1]])
split = pd.DataFrame(
    {
        "picture": pictures,
        "identity": identities,
        "part": np.where(place < GALLERY, "gallery", "probe"),
        "role": np.where(np.isin(identities, users), "user", "other"),
    }
)
posted = ((split["role"] == "user") & (split["part"] == "gallery")).to_numpy()
clean = {name: Embeddings(embed(extractor, faces), pictures, name) for name, extractor in extractors.items()}

rows = []
for weight in WEIGHTS:
    options = config["attacks"]["lowkey"]["options"] | {"perceptual_weight": weight}
    chosen = [extractors[name] for name in surrogates]
    perturbed = perturb(faces[posted], pictures[posted], "lowkey", options, chosen, seed)
    row = {"weight": weight, "mean DSSIM": dssim(faces[posted], perturbed).mean()}
    for name, extractor in extractors.items():
        under_attack = Embeddings(embed(extractor, perturbed), pictures[posted], name)
        sources = {("lowkey", "png"): under_attack}
        comparisons = compare(clean[name], sources, split, "euclidean")
        errors = evaluate(comparisons, {"lowkey": {}}, dataset="background", extractor=name, seed=seed)
        row[name] = errors.loc[errors["attack"] == "lowkey", "error"].mean()
    rows.append(row)
print(f"protection rate of {USERS} held-out background identities among {len(np.unique(identities))}")
print(pd.DataFrame(rows).to_string(index=False, float_format="%.3f"))

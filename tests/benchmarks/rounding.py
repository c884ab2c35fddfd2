"""Show how far rounding moves what the attacks make: batch size and half precision, in pictures and in protection.

Run it in a checkout whose default run is finished: `uv run python tests/benchmarks/rounding.py`; it takes minutes.
It perturbs the gallery faces of some users by LowKey and Fawkes v1.0 as the default does, once for each batch size and
precision, and prints for each: the share of 8-bit values equal to those of batch 1 in float32, the mean difference in
grey levels, and the protection rates with 95 % intervals over users.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from uncloak.attacks.perturb import perturb
from uncloak.extractors.embedding import embed
from uncloak.extractors.weights import load
from uncloak.recognition.comparing import compare
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.evaluation import evaluate
from uncloak.recognition.rates import protection_rates
from uncloak.store import read_arrays, read_attributes
from uncloak.visibility.pictures import dssim

ATTACKS = ("lowkey", "fawkes_v10")
SETTINGS = ((1, "float32"), (8, "float32"), (32, "float32"), (8, "bfloat16"), (32, "bfloat16"))
RESULTS = Path("results/synthetic")

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--users", type=int, default=8, help="how many, the first by name (default: 8)")
count = parser.parse_args().users

torch.set_num_threads(1)
faces, pictures = read_arrays(RESULTS / "faces.h5", "faces", "picture")
split = pd.read_csv(RESULTS / "split.csv", dtype=str, keep_default_na=False)
users = sorted(split.loc[split["role"] == "user", "identity"].unique())[:count]
split.loc[(split["role"] == "user") & ~split["identity"].isin(users), "role"] = "other"
posted = np.isin(pictures, split.loc[(split["role"] == "user") & (split["part"] == "gallery"), "picture"])
names = sorted(folder.name for folder in (RESULTS / "embeddings").iterdir())
extractors = {name: load(f"results/extractors/{name}.safetensors") for name in names}
clean = {name: Embeddings(embed(extractor, faces), pictures, name) for name, extractor in extractors.items()}

rows = []
for attack in ATTACKS:
    made = read_attributes(RESULTS / "perturbed" / f"{attack}.h5")
    record, seed = json.loads(made["recipe"]), int(made["seed"])
    surrogates = [load(f"results/extractors/{name}.safetensors") for name in record["surrogates"]]
    first = None
    for batch, precision in SETTINGS:
        start = time.perf_counter()
        perturbed = perturb(
            faces[posted],
            pictures[posted],
            record["method"],
            record["options"],
            surrogates,
            seed,
            batch,
            precision=precision,
        )
        seconds = time.perf_counter() - start
        first = perturbed if first is None else first
        row = {
            "attack": attack,
            "batch": batch,
            "precision": precision,
            "s/picture": f"{seconds / len(perturbed):.2f}",
            "equal": f"{(perturbed == first).mean():.1%}",
            "grey levels": f"{np.abs(perturbed.astype(int) - first).mean():.2f}",
            "DSSIM": f"{dssim(faces[posted], perturbed).mean():.4f}",
        }
        for name, extractor in extractors.items():
            postings = {(attack, "png"): Embeddings(embed(extractor, perturbed), pictures[posted], name)}
            comparisons = compare(clean[name], postings, split, "euclidean")
            errors = evaluate(comparisons, {attack: {}}, dataset="synthetic", extractor=name, seed=seed)
            rates = protection_rates(errors).set_index("attack")
            row[name] = "{protection_rate:.3f} [{low:.3f}, {high:.3f}]".format(**rates.loc[attack])
        rows.append(row)
print(f"{len(users)} users, {posted.sum()} pictures; protection rate [95 % interval] by extractor")
print(pd.DataFrame(rows).to_string(index=False))

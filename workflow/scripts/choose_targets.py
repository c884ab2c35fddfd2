"""Choose the target picture of each picture to be perturbed, the users' or others', for a targeted attack."""

import json

from uncloak.jobs import logged

import numpy as np
import pandas as pd
import torch

from uncloak.attacks.targets import choose_candidates, farthest, partners
from uncloak.devices import choose_device
from uncloak.extractors.weights import load
from uncloak.pictures.split import BACKGROUND, in_role, read_split
from uncloak.pictures.stored import pictures_to_perturb, read_faces
from uncloak.tables import write_table

with logged(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    device = choose_device()
    choice, seed = json.loads(snakemake.params.spec), snakemake.params.seed
    pictures = pictures_to_perturb(snakemake.input.split, seed, **json.loads(snakemake.params.whose))
    if choice.get("choice") == "partner":
        targets = pictures[partners(pictures, seed)]
    else:
        background = in_role(read_split(snakemake.input.target_split), BACKGROUND)["picture"].to_numpy(str)
        offered = background[choose_candidates(background, choice["people"], choice["pictures"], seed)]
        rows = farthest(
            read_faces(snakemake.input.faces, pictures),
            pictures,
            read_faces(snakemake.input.target_faces, offered),
            offered,
            [load(path, device) for path in snakemake.input.surrogates],
            seed,
            device,
            separate=choice.get("separate", False),
        )
        targets = offered[rows]
    write_table(pd.DataFrame({"picture": pictures, "target": np.asarray(targets)}), snakemake.output[0])

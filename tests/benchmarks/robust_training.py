"""Choose the recipe of robust training of the embedded default, on public identities that it never sees.

Run it in a checkout whose default run is finished: `uv run python tests/benchmarks/robust_training.py`.
Of each held-out public identity a few pictures more are drawn; some are perturbed and posted, the others are its clean
probes, among the held-out people of the background and of the public. It prints, for the record `robust` of the
configuration and for each change to it, the clean error and the protection rates left. No user is looked at.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from uncloak import configuration
from uncloak.attacks.perturb import perturb
from uncloak.attacks.targets import choose_candidates, chosen_strangers
from uncloak.defenses.robust_training import (
    Faces,
    compose,
    held_out_public,
    join,
    read_perturbed,
    read_public,
    some_of_each,
)
from uncloak.drawn.drawing import draw_faces
from uncloak.extractors.embedding import embed
from uncloak.extractors.training import Schedule, held_out, train
from uncloak.extractors.weights import load
from uncloak.pictures.stored import pictures_to_perturb
from uncloak.recognition.comparing import compare
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.evaluation import evaluate
from uncloak.store import read_arrays

POSTED, PROBES = 4, 8
GALLERY = 14  # of the 20 pictures of a background identity
CHANGES = (
    {},
    {"anchor": 0.0},
    {"anchor": 2.0},
    {"identities": 0.5},
    {"iterations": 0.5},
    {"rehearsal": 6},
    {"from": "vggface"},
    {"from": "facenet"},
)

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--changes", type=json.loads, default=CHANGES, help="list of changes, as JSON, instead of ours")
parser.add_argument("--people", type=int, help="fewer held-out people, to try it")
arguments = parser.parse_args()

torch.set_num_threads(1)
config = configuration.load(".")
seed, record = config["seed"], config["extractors"]["robust"]
options = record["train"]
world = options["public"]["dataset"]
drawn, attacks = config["datasets"][world], options["public"]["attacks"]
surrogates = {name: load(f"results/extractors/{name}.safetensors") for name in ("arcface", "facenet", "vggface")}

faces, pictures = read_arrays(f"results/{options['data']}/faces.h5", "faces", "picture")
background = Faces(faces, pictures, np.array([picture.split("/")[0] for picture in pictures]))
reserved = np.isin(background.identities, held_out(background.identities, options["held_out"], seed))
learned, strangers = background.where(~reserved), background.where(reserved)

split = f"results/{world}/split.csv"
public = read_public(f"results/{world}/faces.h5", split)
unseen = held_out_public(public.identities, options["public"]["held_out"], seed)
seen = public.where(~np.isin(public.identities, unseen))

names = [f"{who.removeprefix('public/')}/{i:04d}" for who in unseen[: arguments.people] for i in range(POSTED + PROBES)]
people_faces = draw_faces(world, seed, names, drawn["face_size"], drawn["jitter"], workers=1)[0][:]
people = Faces(people_faces, np.array(names), np.array([f"public/{name.split('/')[0]}" for name in names]))
posted = people.where(np.array([int(name.split("/")[1]) < POSTED for name in names]))
under_attack = {}
for attack in attacks:
    entry, targets = config["attacks"][attack], None
    models = [surrogates[name] for name in entry["surrogates"]]
    if "targets" in entry:
        rows = choose_candidates(pictures, entry["targets"]["people"], entry["targets"]["pictures"], seed)
        targets = faces[rows][
            chosen_strangers(posted.faces, posted.pictures, faces[rows], pictures[rows], models, seed)
        ]
    under_attack[attack] = perturb(
        posted.faces, posted.pictures, entry["method"], entry["options"], models, seed, targets=targets
    )

everybody = Faces(
    np.concatenate([people.faces, strangers.faces]),
    np.concatenate([people.pictures, np.char.add("background/", strangers.pictures)]),
    np.concatenate([people.identities, strangers.identities]),
)
place = np.array([int(picture.rsplit("/", 1)[1]) for picture in everybody.pictures])
is_public = np.char.startswith(everybody.identities, "public/")
table = pd.DataFrame(
    {
        "picture": everybody.pictures,
        "identity": everybody.identities,
        "part": np.where(place < np.where(is_public, POSTED, GALLERY), "gallery", "probe"),
        "role": np.where(is_public, "user", "other"),
    }
)


def measured(extractor):
    clean = Embeddings(embed(extractor, everybody.faces), everybody.pictures, "clean")
    perturbed = {
        (attack, "png"): Embeddings(embed(extractor, under_attack[attack]), posted.pictures, attack)
        for attack in attacks
    }
    comparisons = compare(clean, perturbed, table, "euclidean")
    errors = evaluate(comparisons, {attack: {} for attack in attacks}, dataset=world, extractor="", seed=seed)
    return errors.groupby("attack")["error"].mean().to_dict()


def tuned(change):
    share = change.get("identities", 1.0)
    parts = []
    for attack in attacks:
        count = round(share * drawn["perturb"]["public"]["identities"][attack])
        chosen = pictures_to_perturb(split, seed, "public", count, drawn["perturb"]["public"]["pictures"])
        files = sorted(Path(f"results/{world}/perturbed/public/{attack}").glob("*.h5"))
        made = read_perturbed(files, seen)
        parts.append(made.where(np.isin(made.pictures, chosen)))
    settings = options["public"]
    rows = some_of_each(learned.identities, change.get("rehearsal", settings["rehearsal"]), seed)
    anchor = change.get("anchor", settings["anchor"])
    *training, composition = compose(learned.where(rows), seen, join(*parts), settings["shares"], anchor)
    others = ("data", "held_out", "loss", "public")
    given = {key: value for key, value in options.items() if key not in others}
    given["iterations"] = round(change.get("iterations", 1.0) * given["iterations"])
    origin = load(f"results/extractors/{change.get('from', record['from'])}.safetensors")
    return train(
        origin, *training, None, options["loss"], Schedule(**given), seed, "robust", composition=composition
    ).extractor


rows = [{"recipe": name, "CPU seconds": 0.0, **measured(extractor)} for name, extractor in surrogates.items()]
for change in arguments.changes:
    begin = time.process_time()
    extractor = tuned(change)
    seconds = time.process_time() - begin
    rows.append({"recipe": f"robust {change or ''}", "CPU seconds": seconds, **measured(extractor)})
print(f"{len(np.unique(people.identities))} held-out public identities: clean error, and protection rate by attack")
print(pd.DataFrame(rows).rename(columns={"none": "clean"}).to_string(index=False, float_format="%.3f"))

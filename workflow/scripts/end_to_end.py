"""Recognize the users by classifiers tuned end to end, without attack or under one, with or without public pairs."""

import json

from uncloak.jobs import logged

import torch

from uncloak.defenses.robust_training import Faces, read_perturbed, read_public
from uncloak.devices import choose_device, resolve_precision, used
from uncloak.extractors.weights import load
from uncloak.pictures.names import identities_of
from uncloak.pictures.split import USER, in_role, read_split
from uncloak.pictures.stored import read_faces
from uncloak.recognition.end_to_end import attackers, evaluate, public_pairs
from uncloak.recognition.parts import gallery_and_probes
from uncloak.recognition.tuning import Schedule
from uncloak.store import read_arrays
from uncloak.tables import write_table

with logged(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    inputs, seed, attack = snakemake.input, snakemake.params.seed, snakemake.wildcards.attack
    spec = json.loads(snakemake.params.spec)
    count, device = spec.pop("users"), choose_device()
    spec["precision"] = resolve_precision(spec["precision"], device)
    used(device, spec["precision"])

    split = read_split(inputs.split)
    gallery, probes = gallery_and_probes(split)
    probes = in_role(probes, USER)
    users, posted, public = sorted(set(probes["identity"])), None, None
    if attack != "none":
        users = attackers(users, count, seed)
        faces, pictures = read_arrays(inputs.posted[0], "faces", "picture")
        posted = Faces(faces, pictures, identities_of(pictures))
    if snakemake.params.robust:
        clean = read_public(inputs.public_faces[0], inputs.public_split[0])
        perturbed = read_perturbed(inputs.public_perturbed, clean)
        public = public_pairs(clean, perturbed, in_gallery=str(inputs.public_split[0]) == str(inputs.split))
    table = evaluate(
        load(inputs.extractor[0]),
        *(
            Faces(
                read_faces(inputs.faces, rows["picture"].to_numpy(str)),
                rows["picture"].to_numpy(str),
                rows["identity"].to_numpy(str),
            )
            for rows in (gallery, probes)
        ),
        posted,
        public,
        users,
        Schedule(**spec),
        dataset=snakemake.wildcards.dataset,
        attack=attack,
        extractor_name=snakemake.wildcards.extractor,
        seed=seed,
        device=device,
    )
    write_table(table, snakemake.output[0])

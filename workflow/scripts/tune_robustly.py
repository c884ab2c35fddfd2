"""Tune an extractor on clean and perturbed faces of public identities (ICLR 2022, section 3.3)."""

import json

from uncloak.jobs import logged

import numpy as np
import torch

from uncloak.defenses.robust_training import (
    Faces,
    compose,
    held_out_public,
    read_perturbed,
    read_public,
    some_of_each,
    strengthened,
)
from uncloak.devices import choose_device, resolve_precision, used
from uncloak.extractors.training import Schedule, divide_background, train, validation_error
from uncloak.extractors.weights import load, read_metadata, save
from uncloak.pictures.split import read_split
from uncloak.pictures.stored import read_faces
from uncloak.store import read_attributes

with logged(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    name = snakemake.wildcards.extractor
    spec, seed = json.loads(snakemake.params.spec), snakemake.params.seed
    device = choose_device()
    options = {**spec["train"], "precision": resolve_precision(spec["train"]["precision"], device)}
    public = options["public"]

    split = read_split(snakemake.input.split)
    known = split.iloc[:0]
    if public["rehearsal"]:
        known, _ = divide_background(split, options["held_out"], seed)
        known = known.iloc[some_of_each(known["identity"].to_numpy(str), public["rehearsal"], seed)]
    pictures = known["picture"].to_numpy(str)
    rehearsed = Faces(read_faces(snakemake.input.faces, pictures), pictures, known["identity"].to_numpy(str))

    people = read_public(snakemake.input.public_faces[0], snakemake.input.public_split[0])
    unseen = np.isin(people.identities, held_out_public(people.identities, public["held_out"], seed))
    seen = people.where(~unseen)
    perturbed = read_perturbed(snakemake.input.perturbed, seen)
    strengths = public.get("strengths", [1.0])
    shown = strengthened(perturbed, seen, strengths)
    faces, identities, composition = compose(rehearsed, seen, shown, public["shares"], public["anchor"])

    others = ("data", "held_out", "loss", "public")
    schedule = Schedule(**{key: value for key, value in options.items() if key not in others})
    extractor = train(
        load(snakemake.input.origin[0]),
        faces,
        identities,
        None,
        options["loss"],
        schedule,
        seed,
        name,
        device,
        composition,
    ).cpu()
    error = validation_error(extractor, people.faces[unseen], people.identities[unseen])
    source = (
        f"tuned on {len(np.unique(seen.identities))} public identities of {public['dataset']},"
        f" {len(np.unique(perturbed.identities))} of them also perturbed, in {len(perturbed.pictures)} faces"
        f" at strengths {', '.join(f'{strength:g}' for strength in strengths)}, and on"
        f" {len(np.unique(rehearsed.identities))} background identities of {options['data']}"
    )
    metadata = {
        "recipe": snakemake.params.spec,
        "code": snakemake.params.code,
        "source": source,
        "source_recipe": str(read_attributes(snakemake.input.faces)["recipe"]),
        **used(device, options["precision"]),
        "seed": str(seed),
        "clean_error": f"{error:.6g}",
    }
    save(snakemake.output[0], extractor, read_metadata(snakemake.input.origin[0])["record"], metadata)

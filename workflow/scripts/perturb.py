"""Perturb a shard of the gallery faces of the users, or of other people, by one attack."""

import json

from uncloak.jobs import logged

from uncloak.attacks.perturb import perturb, settings
from uncloak.attacks.preparation import Preparation, prepare
from uncloak.attacks.surrogates import load_surrogates
from uncloak.devices import choose_device, resolve_precision, used
from uncloak.pictures.stored import pictures_to_perturb, read_faces
from uncloak.provenance import digest
from uncloak.store import write_arrays
from uncloak.tables import read_table
from uncloak.visibility.pictures import measure

with logged(snakemake.log[0]):
    device = choose_device()
    spec, seed = json.loads(snakemake.params.spec), snakemake.params.seed
    shard, shards = map(int, snakemake.wildcards.get("scatteritem", "1-of-1").split("-of-"))
    whose = json.loads(snakemake.params.whose)
    pictures = pictures_to_perturb(snakemake.input.split, seed, **whose)[shard - 1 :: shards]
    faces = read_faces(snakemake.input.faces, pictures)
    targets = None
    arrays = {"picture": pictures}
    if snakemake.input.get("targets"):
        chosen = read_table(snakemake.input.targets).set_index("picture")["target"]
        arrays["target"] = chosen[pictures].to_numpy(str)
        targets = read_faces(snakemake.input.target_faces, arrays["target"])
    if "preparation" in spec:
        preparation = Preparation(**spec["preparation"])
        faces = prepare(faces, preparation)
        targets = None if targets is None else prepare(targets, preparation)
    precision = resolve_precision(spec["precision"], device)
    options = dict(spec.get("options", {}))
    if snakemake.input.get("alexnet"):
        options["alexnet"] = snakemake.input.alexnet
    perturbed = perturb(
        faces,
        pictures,
        spec["method"],
        options,
        load_surrogates(snakemake.input.surrogates, device),
        seed,
        batch_size=spec.get("batch"),
        targets=targets,
        device=device,
        precision=precision,
        compile=spec.get("compile", False),
        workers=snakemake.threads,
    )
    write_arrays(
        snakemake.output[0],
        {"faces": perturbed, **arrays, **measure(faces, perturbed)},
        {
            "recipe": digest(snakemake.params.spec + snakemake.params.code),
            "spec": snakemake.params.spec,
            # Every choice that was made, also those left to the method.
            "settings": json.dumps(settings(spec["method"], options), sort_keys=True),
            **used(device, precision),
            "seed": seed,
        },
    )

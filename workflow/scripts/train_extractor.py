"""Train an extractor on background identities, from scratch or from another extractor."""

import json

from uncloak.jobs import logged

import pandas as pd
import torch

from uncloak.devices import choose_device, resolve_precision, used
from uncloak.extractors.extractor import build
from uncloak.extractors.training import Schedule, divide_background, train, validation_error
from uncloak.extractors.weights import load, read_metadata, save
from uncloak.pictures.split import read_split
from uncloak.store import open_arrays, read_arrays, read_attributes

with logged(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    name = snakemake.wildcards.extractor
    spec, seed = json.loads(snakemake.params.spec), snakemake.params.seed
    device = choose_device()
    options = {**spec["train"], "precision": resolve_precision(spec["train"]["precision"], device)}
    faces, pictures = read_arrays(snakemake.input.faces, "faces", "picture")
    with open_arrays(snakemake.input.faces) as file:
        captions = file["caption"].asstr()[()] if "caption" in file else None
    learned, unseen = divide_background(read_split(snakemake.input.split), options["held_out"], seed)
    place = pd.Series(range(len(pictures)), index=pictures)
    rows, unseen_rows = (place[part["picture"]].to_numpy() for part in (learned, unseen))

    if "from" in spec:
        record = read_metadata(snakemake.input.origin[0])["record"]
        extractor = load(snakemake.input.origin[0])
    else:
        record = {"network": spec["network"], "input": spec["input"]}
        torch.manual_seed(seed)
        extractor = build(record)
    schedule = Schedule(**{key: value for key, value in options.items() if key not in ("data", "held_out", "loss")})
    extractor = train(
        extractor,
        faces[rows],
        learned["identity"].to_numpy(str),
        None if captions is None else captions[rows],
        options["loss"],
        schedule,
        seed,
        name,
        device,
    ).cpu()
    error = validation_error(extractor, faces[unseen_rows], unseen["identity"].to_numpy(str))
    metadata = {
        "recipe": snakemake.params.spec,
        "code": snakemake.params.code,
        "source": f"trained on {learned['identity'].nunique()} background identities of {options['data']}",
        "source_recipe": str(read_attributes(snakemake.input.faces)["recipe"]),
        **used(device, options["precision"]),
        "seed": str(seed),
        "clean_error": f"{error:.6g}",
    }
    save(snakemake.output[0], extractor, record, metadata)

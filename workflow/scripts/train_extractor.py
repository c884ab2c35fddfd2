"""Train an extractor on background identities, from scratch or from another extractor."""

import json

import numpy as np
import pandas as pd
import torch

from uncloak.devices import choose_device, resolve_precision, used
from uncloak.extractors.extractor import build
from uncloak.extractors.training import Schedule, held_out, train, validation_error
from uncloak.extractors.weights import load, read_metadata, save
from uncloak.jobs import logged
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
    split = pd.read_csv(snakemake.input.split).set_index("picture").loc[pictures]
    identities = split["identity"].to_numpy(str)
    background = (split["role"] == "background").to_numpy()
    reserved = np.isin(identities, held_out(identities[background], options["held_out"], seed))
    learned = background & ~reserved

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
        faces[learned],
        identities[learned],
        None if captions is None else captions[learned],
        options["loss"],
        schedule,
        seed,
        name,
        device,
    ).cpu()
    error = validation_error(extractor, faces[background & reserved], identities[background & reserved])
    metadata = {
        "recipe": snakemake.params.spec,
        "code": snakemake.params.code,
        "source": f"trained on {len(np.unique(identities[learned]))} background identities of {options['data']}",
        "source_recipe": str(read_attributes(snakemake.input.faces)["recipe"]),
        **used(device, options["precision"]),
        "seed": str(seed),
        "clean_error": f"{error:.6g}",
    }
    save(snakemake.output[0], extractor, record, metadata)

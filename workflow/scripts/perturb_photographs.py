"""Perturb a shard of the users' gallery photographs by one attack."""

import dataclasses
import json
from pathlib import Path

from uncloak.jobs import logged

import pandas as pd

from uncloak.attacks.perturb import settings
from uncloak.attacks.photographs import Frame, perturb_photographs
from uncloak.attacks.preparation import Preparation, prepare
from uncloak.attacks.surrogates import load_surrogates
from uncloak.devices import choose_device, resolve_precision, used
from uncloak.parallel import map_in_order
from uncloak.pictures.manifest import read_manifest
from uncloak.pictures.reading import load_picture
from uncloak.pictures.stored import posted_pictures, read_faces
from uncloak.store import read_arrays
from uncloak.tables import read_table, write_table
from uncloak.visibility.pictures import MEASURES, measure

with logged(snakemake.log[0]):
    device = choose_device()
    spec, seed = json.loads(snakemake.params.spec), snakemake.params.seed
    shard, shards = map(int, snakemake.wildcards.scatteritem.split("-of-"))
    pictures = posted_pictures(snakemake.input.split)[shard - 1 :: shards]
    manifest = read_manifest(snakemake.input.manifest).set_index("picture")
    paths = [Path(snakemake.input.root, path) for path in manifest.loc[pictures, "path"]]
    stored, landmarks = read_arrays(snakemake.input.faces, "picture", "landmarks")
    landmarks = landmarks[pd.Index(stored).get_indexer(pictures)]
    size = read_faces(snakemake.input.faces, pictures[:1]).shape[1]
    frame = Frame(**{"size": size, **spec["photograph"]})
    targets, chosen = None, {}
    if snakemake.input.get("targets"):
        table = read_table(snakemake.input.targets).set_index("picture")["target"]
        chosen["target"] = table[pictures].to_numpy(str)
        targets = prepare(read_faces(snakemake.input.target_faces, chosen["target"]), Preparation(frame.size))
    precision = resolve_precision(spec["precision"], device)
    options = dict(spec.get("options", {}))
    if snakemake.input.get("alexnet"):
        options["alexnet"] = snakemake.input.alexnet
    folder = Path(snakemake.output.photographs)
    table = perturb_photographs(
        pictures.tolist(),
        paths,
        landmarks,
        folder,
        spec["method"],
        options,
        load_surrogates(snakemake.input.surrogates, device),
        seed,
        frame,
        targets=targets,
        batch_size=spec.get("batch", 1),
        device=device,
        precision=precision,
        compile=spec.get("compile", False),
        workers=snakemake.threads,
    )
    # One pair at a time: photographs are large.
    pairs = list(zip(paths, folder / table["path"], strict=True))
    measured = list(
        map_in_order(lambda pair: measure(*([load_picture(path)] for path in pair)), pairs, snakemake.threads)
    )
    table = table.assign(**chosen, **{name: [float(each[name][0]) for each in measured] for name in MEASURES})
    write_table(table, snakemake.output.table)
    # Every choice that was made, also those left to the method.
    made = {**settings(spec["method"], options), **dataclasses.asdict(frame), **used(device, precision)}
    (folder / "settings.json").write_text(json.dumps(made, sort_keys=True))

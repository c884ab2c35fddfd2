"""Train a detector of perturbed faces, and score with it the faces of its test people and of the gallery."""

import json

from uncloak.jobs import logged

import numpy as np
import torch

from uncloak.defenses.detection import Options, build, save, score, train
from uncloak.defenses.detection_pictures import divide, to_learn_from, to_score
from uncloak.devices import choose_device, resolve_precision, used
from uncloak.pictures.names import identity_of
from uncloak.pictures.split import read_split
from uncloak.pictures.stored import read_faces
from uncloak.recognition.flags import CLEAN
from uncloak.store import read_arrays, read_attributes
from uncloak.tables import write_table


def read_by_attack(attacks, paths):
    """Return attack -> picture -> its perturbed face; an attack may have several files."""
    faces = {attack: {} for attack in attacks}
    for attack, path in zip(attacks, paths, strict=True):
        pictures, perturbed = read_arrays(path, "picture", "faces")
        faces[attack].update(zip(pictures.tolist(), perturbed, strict=True))
    return faces


with logged(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    device = choose_device()
    name, seed = snakemake.wildcards.detector, snakemake.params.seed
    spec = json.loads(snakemake.params.spec)
    spec["precision"] = resolve_precision(spec["precision"], device)
    options = Options(**{key: value for key, value in spec.items() if key not in ("attacks", "identities")})
    split = read_split(snakemake.input.split)
    perturbed = read_by_attack(json.loads(snakemake.params.perturbed), snakemake.input.perturbed)
    posted = read_by_attack(json.loads(snakemake.params.posted), snakemake.input.posted)

    divided = divide(split, spec["identities"], seed)
    lessons = to_learn_from(perturbed, divided, spec["attacks"], seed)
    originals = read_faces(snakemake.input.faces, lessons["picture"])
    changed = np.stack([perturbed[lesson.attack][lesson.picture] for lesson in lessons.itertuples()])
    detector = build(options, seed, name, snakemake.input.get("weights"))
    detector = train(detector, originals, changed, options, seed, name, device)

    table = to_score(split, divided, perturbed, posted)
    for source, rows in table.groupby("source", sort=False):
        if source == CLEAN:
            faces = read_faces(snakemake.input.faces, rows["picture"])
        else:
            made = {**posted.get(source, {}), **perturbed.get(source, {})}
            faces = np.stack([made[picture] for picture in rows["picture"]])
        table.loc[rows.index, "score"] = score(detector, faces, device)
    table.insert(0, "dataset", snakemake.wildcards.dataset)
    table.insert(1, "detector", name)
    write_table(table, snakemake.output.scores)
    people = lessons["picture"].map(identity_of).nunique()
    metadata = {
        "recipe": snakemake.params.spec,
        "code": snakemake.params.code,
        "source": f"trained on {people} detector identities of {snakemake.wildcards.dataset}",
        "source_recipe": str(read_attributes(snakemake.input.faces)["recipe"]),
        **used(device, options.precision),
        "seed": str(seed),
    }
    save(snakemake.output.detector, detector.cpu(), options, metadata)

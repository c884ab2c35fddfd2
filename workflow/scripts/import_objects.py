"""Read the pictures of the classification task from a folder of ImageNet's."""

import json

from uncloak.jobs import logged

from uncloak.provenance import digest
from uncloak.store import write_arrays
from uncloak.transfer.imagenet import CLASSES, read_folder

with logged(snakemake.log[0]):
    spec, seed = json.loads(snakemake.params.spec), snakemake.params.seed
    arrays = read_folder(snakemake.input.root, spec["pictures"]["test"], spec["resize"], spec["size"], seed)
    write_arrays(snakemake.output[0], arrays, {"classes": CLASSES, "recipe": digest(f"{snakemake.params.spec} {seed}")})

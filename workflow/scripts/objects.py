"""Draw the pictures to classify, or read them from a folder."""

import importlib
import json

from uncloak.jobs import logged

from uncloak.provenance import digest
from uncloak.store import write_arrays

with logged(snakemake.log[0]):
    record, seed = json.loads(snakemake.params.spec), snakemake.params.seed
    source = importlib.import_module(f"uncloak.transfer.objects.{record['source']}")
    classes, arrays = source.make(record, snakemake.input.folder, seed)
    recipe = digest(f"{snakemake.params.spec} {seed}")
    write_arrays(snakemake.output[0], arrays, {"classes": classes, "recipe": recipe})

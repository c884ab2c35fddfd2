"""Draw the pictures of the classification task."""

import json

from uncloak.jobs import logged

from uncloak.provenance import digest
from uncloak.store import write_arrays
from uncloak.transfer.objects import CLASSES, draw_objects

with logged(snakemake.log[0]):
    spec = json.loads(snakemake.params.spec)
    arrays = draw_objects(spec["pictures"], spec["size"], snakemake.params.seed)
    recipe = digest(f"{snakemake.params.spec} {snakemake.params.seed}")
    write_arrays(snakemake.output[0], arrays, {"classes": len(CLASSES), "recipe": recipe})

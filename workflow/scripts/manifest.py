"""List the usable pictures of a folder, and why the others are not."""

import json

from uncloak.jobs import logged

from uncloak.pictures.manifest import build_manifest
from uncloak.tables import write_table

with logged(snakemake.log[0]):
    spec = {key: value for key, value in json.loads(snakemake.params.spec).items() if value is not None}
    manifest, rejected = build_manifest(snakemake.input.root, **spec, workers=snakemake.threads)
    for table, output in ((manifest, snakemake.output.manifest), (rejected, snakemake.output.rejected)):
        write_table(table, output)

"""List the usable pictures of a folder, and why the others are not."""

import json

from uncloak.jobs import logged

from uncloak.pictures.manifest import build_manifest, write_manifest
from uncloak.pictures.rejected import write_rejected

with logged(snakemake.log[0]):
    spec = {key: value for key, value in json.loads(snakemake.params.spec).items() if value is not None}
    manifest, rejected = build_manifest(snakemake.input.root, **spec, workers=snakemake.threads)
    write_manifest(manifest, snakemake.output.manifest)
    write_rejected(rejected, snakemake.output.rejected)

"""List the usable pictures of a folder, and why the others are not."""

import json

from uncloak.jobs import started

from uncloak.pictures.manifest import build_manifest, write_manifest
from uncloak.pictures.rejected import write_rejected

with started(snakemake) as job:
    record = {key: value for key, value in json.loads(job.params.record).items() if value is not None}
    manifest, rejected = build_manifest(job.input.root, **record, workers=job.threads)
    write_manifest(manifest, job.output.manifest)
    write_rejected(rejected, job.output.rejected)

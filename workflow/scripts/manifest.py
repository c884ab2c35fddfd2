"""List the usable pictures of a folder, and why the others are not."""

import json

from uncloak.jobs import started

from uncloak.pictures.manifest import build_manifest, write_manifest
from uncloak.pictures.rejected import write_rejected
from uncloak.pictures.split import find_users

with started(snakemake) as job:
    record = {key: value for key, value in json.loads(job.params.record).items() if value is not None}
    manifest, rejected = build_manifest(job.input.root, **record, workers=job.threads)
    # Told before faces are looked for. No parameter: other users leave the manifest as it is.
    find_users(job.config["datasets"][job.wildcards.dataset]["split"].get("users", ()), set(manifest["identity"]))
    write_manifest(manifest, job.output.manifest)
    write_rejected(rejected, job.output.rejected)

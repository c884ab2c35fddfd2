"""List the pictures of the identities in a role, with digests of what they show."""

from uncloak.jobs import started

from uncloak.pictures.manifest import read_manifest
from uncloak.pictures.roles import list_role
from uncloak.pictures.split import read_split
from uncloak.tables import write_table

with started(snakemake) as job:
    manifest = job.input.get("manifest")
    table = list_role(
        read_split(job.input.split),
        job.wildcards.role,
        job.input.faces,
        read_manifest(manifest) if manifest else None,
    )
    write_table(table, job.output[0])

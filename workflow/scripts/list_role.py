"""List the pictures of the identities in a role, with digests of what they show."""

from uncloak.jobs import logged

from uncloak.pictures.manifest import read_manifest
from uncloak.pictures.roles import list_role
from uncloak.pictures.split import read_split
from uncloak.tables import write_table

with logged(snakemake.log[0]):
    manifest = snakemake.input.get("manifest")
    table = list_role(
        read_split(snakemake.input.split),
        snakemake.wildcards.role,
        snakemake.input.faces,
        read_manifest(manifest) if manifest else None,
    )
    write_table(table, snakemake.output[0])

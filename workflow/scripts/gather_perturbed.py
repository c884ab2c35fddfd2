"""Join the shards of an attack, pictures in order."""

from uncloak.jobs import started

from uncloak.gathering import gather_arrays
from uncloak.store import read_attributes, write_arrays

with started(snakemake) as job:
    write_arrays(job.output[0], gather_arrays(job.input.shards), read_attributes(job.input.shards[0]))

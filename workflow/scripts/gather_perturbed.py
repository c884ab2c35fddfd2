"""Join the shards of an attack, pictures in order."""

from uncloak.jobs import logged

import numpy as np

from uncloak.store import open_arrays, read_arrays, read_attributes, write_arrays

with logged(snakemake.log[0]):
    with open_arrays(snakemake.input.shards[0]) as file:
        names = list(file)
    shards = [dict(zip(names, read_arrays(path, *names), strict=True)) for path in snakemake.input.shards]
    order = np.argsort(np.concatenate([shard["picture"] for shard in shards]))
    write_arrays(
        snakemake.output[0],
        {name: np.concatenate([shard[name] for shard in shards])[order] for name in names},
        read_attributes(snakemake.input.shards[0]),
    )

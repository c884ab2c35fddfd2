"""Join the shards of an attack, pictures in order."""

import numpy as np

from uncloak.jobs import logged
from uncloak.store import read_arrays, read_attributes, write_arrays

ARRAYS = ["faces", "picture", "dssim", "linf", "rms", "seconds"]

with logged(snakemake.log[0]):
    shards = [read_arrays(path, *ARRAYS) for path in snakemake.input]
    columns = [np.concatenate(parts) for parts in zip(*shards, strict=True)]
    order = np.argsort(columns[1])
    write_arrays(
        snakemake.output[0],
        {name: column[order] for name, column in zip(ARRAYS, columns, strict=True)},
        read_attributes(snakemake.input[0]),
    )

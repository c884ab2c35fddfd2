"""Join the shards of an attack on photographs into one folder."""

import os
import shutil
from pathlib import Path

from uncloak.jobs import logged

import pandas as pd

from uncloak.tables import read_table, write_table

with logged(snakemake.log[0]):
    tables = []
    for folder, path in zip(snakemake.input.photographs, snakemake.input.tables, strict=True):
        table = read_table(path)
        for name in table["path"]:
            target = Path(snakemake.output.photographs, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(Path(folder, name), target)  # the same file twice takes no space
            except OSError:
                shutil.copyfile(Path(folder, name), target)
        tables.append(table)
    shutil.copyfile(
        Path(snakemake.input.photographs[0], "settings.json"), Path(snakemake.output.photographs, "settings.json")
    )
    write_table(pd.concat(tables).sort_values("picture"), snakemake.output.table)

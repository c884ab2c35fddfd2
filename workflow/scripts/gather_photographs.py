"""Join the shards of an attack on photographs into one folder."""

import shutil
from pathlib import Path

from uncloak.jobs import started

from uncloak.gathering import gather_files
from uncloak.tables import write_table

with started(snakemake) as job:
    folders, folder = job.input.photographs, Path(job.output.photographs)
    table = gather_files(folders, job.input.tables, folder)
    shutil.copyfile(Path(folders[0], "settings.json"), folder / "settings.json")
    write_table(table, job.output.table)

"""Give identities their roles and pictures their part."""

import json
import logging

from uncloak.jobs import logged

from uncloak.pictures.split import split, write_split
from uncloak.store import read_arrays

with logged(snakemake.log[0]):
    spec = json.loads(snakemake.params.spec)
    (pictures,) = read_arrays(snakemake.input.faces, "picture")
    table, dropped = split(
        pictures,
        spec["roles"],
        seed=snakemake.params.seed,
        gallery_share=spec["gallery"],
        minimum_pictures=spec["minimum_pictures"],
        minimum_user_pictures=spec["user_minimum_pictures"],
        too_few=spec["too_few"],
    )
    for row in dropped.itertuples():
        logging.warning("identity %s left out: %s", row.identity, row.reason)
    write_split(table, snakemake.output.split)

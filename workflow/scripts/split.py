"""Give identities their roles and pictures their part."""

import json
import logging

from uncloak.jobs import started

from uncloak.pictures.manifest import people_in, read_manifest
from uncloak.pictures.split import split, write_split
from uncloak.store import read_arrays

with started(snakemake) as job:
    record = json.loads(job.params.record)
    (pictures,) = read_arrays(job.input.faces, "picture")
    manifest = job.input.get("manifest")
    table, dropped = split(
        pictures,
        record.get("roles", {}),
        seed=job.params.seed,
        gallery_share=record["gallery"],
        minimum_pictures=record["minimum_pictures"],
        minimum_user_pictures=record["user_minimum_pictures"],
        too_few=record["too_few"],
        users=record.get("users"),
        distractors=people_in(read_manifest(manifest), record["distractor_folders"]) if manifest else (),
    )
    for row in dropped.itertuples():
        logging.warning("identity %s left out: %s", row.identity, row.reason)
    write_split(table, job.output.split)

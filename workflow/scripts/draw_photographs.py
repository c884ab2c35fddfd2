"""Draw the photographs of a dataset, and write where the landmarks of each face are."""

import json
from pathlib import Path

from uncloak.jobs import started

from uncloak.drawn.drawing import draw_photographs, picture_names

with started(snakemake) as job:
    record = json.loads(job.params.record)
    prolific = record.get("prolific", {"people": 0, "pictures": 0})
    draw_photographs(
        Path(job.output.photographs),
        Path(job.output.landmarks),
        world=job.wildcards.dataset,
        seed=job.params.seed,
        pictures=picture_names(record["people"], record["pictures"], (prolific["people"], prolific["pictures"])),
        size=record["size"],
        workers=job.threads,
        **{key: record[key] for key in ("variation", "quality") if key in record},
    )

"""Draw the photographs of a dataset, and write where the landmarks of each face are."""

import json
from pathlib import Path

from uncloak.jobs import logged

from uncloak.drawn.drawing import draw_photographs, picture_names

with logged(snakemake.log[0]):
    spec = json.loads(snakemake.params.spec)
    prolific = spec.get("prolific", {"people": 0, "pictures": 0})
    draw_photographs(
        Path(snakemake.output.photographs),
        Path(snakemake.output.landmarks),
        world=snakemake.wildcards.dataset,
        seed=snakemake.params.seed,
        pictures=picture_names(spec["people"], spec["pictures"], (prolific["people"], prolific["pictures"])),
        size=spec["size"],
        workers=snakemake.threads,
        **{key: spec[key] for key in ("variation", "quality") if key in spec},
    )

"""Join the folders of a dataset in one: links to the user's, and copies of what is fetched."""

import json
from pathlib import Path

from uncloak.jobs import started

from uncloak.fetchers import copy_fetched
from uncloak.fetching import cache

with started(snakemake) as job:
    joined = Path(job.output.photographs)
    joined.mkdir(parents=True)
    for name, place in json.loads(job.params.folders).items():
        if "fetch" in place:
            copy_fetched(place["fetch"], cache(), joined / name)
        else:
            (joined / name).symlink_to(Path(place["root"]).absolute())

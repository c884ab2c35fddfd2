"""Fetch the photographs of a dataset into the cache, and copy them from there: results lean on nothing outside."""

import shutil

from uncloak.jobs import started

from uncloak.fetchers import FETCHERS
from uncloak.fetching import cache

with started(snakemake) as job:
    fetcher = FETCHERS[job.params.fetch]
    fetcher.fetch(cache())
    shutil.copytree(fetcher.folder(cache()), job.output.photographs)

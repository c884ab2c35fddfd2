"""Fetch the photographs of a dataset into the cache, and copy them from there: results lean on nothing outside."""

from uncloak.jobs import started

from uncloak.fetchers import copy_fetched
from uncloak.fetching import cache

with started(snakemake) as job:
    copy_fetched(job.params.fetch, cache(), job.output.photographs)

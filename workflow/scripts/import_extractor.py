"""Import an extractor from published weights, or record the one without: the pixels, the floor for all others."""

from uncloak.jobs import started

from uncloak.extractors.importing import import_record
from uncloak.extractors.weights import save
from uncloak.fetching import obtain, published
from uncloak.records.extractors import AnyExtractor
from uncloak.records.reading import read

with started(snakemake) as job:
    record, weights = read(AnyExtractor, job.params.record), published(job.config, job.params.brought)
    made = import_record(record, obtain(job.config, job.params.brought))
    told = job.made(source=weights.source if weights else made.source)
    save(job.output[0], made.extractor, made.record, told, made.tower)

"""Import an extractor from published weights, or record the one without: the pixels, the floor for all others."""

from uncloak.jobs import started

from uncloak.extractors.importing import import_record
from uncloak.extractors.weights import save
from uncloak.fetching import obtain
from uncloak.published_files import file_of
from uncloak.records.extractors import AnyExtractor
from uncloak.records.reading import read

with started(snakemake) as job:
    record, file = read(AnyExtractor, job.params.record), file_of(job.config, job.params.brought)
    made = import_record(record, obtain(job.config, job.params.brought))
    source = file.source if file else "no weights"
    save(job.output[0], made.extractor, made.record, job.made(source=source), made.tower)

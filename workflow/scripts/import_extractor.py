"""Import an extractor from published weights, or record the one without: the pixels, the floor for all others."""

from uncloak.jobs import started

from uncloak.extractors.importing import import_record
from uncloak.extractors.weights import save
from uncloak.records.extractors import AnyExtractor
from uncloak.records.reading import read

with started(snakemake) as job:
    record = read(AnyExtractor, job.params.record)
    made = import_record(record, job.input.get("weights"))
    save(job.output[0], made.extractor, made.record, job.made(source=made.source), made.tower)

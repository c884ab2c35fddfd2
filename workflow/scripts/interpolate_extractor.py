"""Make the extractor between two others, by their weights."""

from uncloak.jobs import started

from uncloak.extractors.interpolation import interpolate
from uncloak.extractors.weights import save
from uncloak.records.extractors import Interpolated
from uncloak.records.reading import read

with started(snakemake) as job:
    record = read(Interpolated, job.params.record)
    made = interpolate(*job.input.ends, record.alpha)
    save(job.output[0], made.extractor, made.record, job.made(source=made.source), made.tower)

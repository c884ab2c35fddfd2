"""Import the published weights of a classifier."""

import json

from uncloak.jobs import logged

from uncloak.extractors.weights import save
from uncloak.transfer.importing import import_published

with logged(snakemake.log[0]):
    record = json.loads(snakemake.params.spec) | {"classes": snakemake.params.classes}
    classifier = import_published(snakemake.input.source, record)
    save(snakemake.output[0], classifier, record, {"recipe": snakemake.params.spec, "code": snakemake.params.code})

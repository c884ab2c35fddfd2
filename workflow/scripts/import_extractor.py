"""Import an extractor from published weights."""

import json

from uncloak.jobs import logged

from uncloak.extractors.importing import import_published
from uncloak.extractors.weights import save

with logged(snakemake.log[0]):
    spec = json.loads(snakemake.params.spec)
    extractor = import_published(snakemake.input.weights, spec)
    record = {"network": spec["network"], "input": spec["input"]}
    save(snakemake.output[0], extractor, record, {"recipe": snakemake.params.spec, "source": spec["weights"]["origin"]})

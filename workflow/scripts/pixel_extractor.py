"""Record the extractor without weights: the pixels themselves, the floor for all others."""

import json

from uncloak.jobs import logged

from uncloak.extractors.extractor import build
from uncloak.extractors.weights import save

with logged(snakemake.log[0]):
    spec = json.loads(snakemake.params.spec)
    record = {"network": spec["network"], "input": spec["input"]}
    save(snakemake.output[0], build(record), record, {"recipe": snakemake.params.spec, "source": "no weights"})

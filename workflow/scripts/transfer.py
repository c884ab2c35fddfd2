"""Attack an ensemble of image classifiers, and measure all on the clean and the perturbed pictures."""

import json

from uncloak.computing import computing

from uncloak.tables import write_table
from uncloak.transfer.evaluation import measure

with computing(snakemake) as job:
    record = json.loads(job.params.record)
    files = dict(zip(record["image_classifiers"], job.input.image_classifiers, strict=True))
    table = measure(record, job.input.objects, files, job.seed, job.device)
    write_table(table, job.output[0])

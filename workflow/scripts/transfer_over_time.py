"""Draw the accuracy of image classifiers by release, on clean pictures and on those that attack older classifiers."""

import json

from uncloak.jobs import started

from uncloak.figures.saving import save
from uncloak.tables import read_table, write_table
from uncloak.transfer.figure import MEASURED, labeled, transfer_over_time

with started(snakemake) as job:
    table = labeled(read_table(job.input[0], *MEASURED), json.loads(job.params.image_classifiers))
    attack = json.loads(job.params.attack)
    chart = transfer_over_time(table, attack, job.params.objects)
    output = job.output
    write_table(table, output.table)
    save(chart, table, output.html, output.svg, output.png, output.csv, job.input.vega)

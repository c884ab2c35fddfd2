"""Draw the accuracy of image classifiers by release, on clean pictures and on those that attack older classifiers."""

import json

from uncloak.jobs import logged

from uncloak.figures.saving import save
from uncloak.figures.transfer import labeled, transfer_over_time
from uncloak.tables import read_table, write_table

with logged(snakemake.log[0]):
    table = labeled(read_table(snakemake.input[0]), json.loads(snakemake.params.image_classifiers))
    attack = json.loads(snakemake.params.attack)
    chart = transfer_over_time(table, attack, snakemake.params.objects)
    output = snakemake.output
    write_table(table, output.table)
    save(chart, table, output.html, output.svg, output.png, output.csv, snakemake.input.vega)

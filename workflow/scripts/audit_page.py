"""Write the page of an audit."""

from uncloak.jobs import started

from uncloak.audit.page import write_page

with started(snakemake) as job:
    write_page(job.input, job.output[0])

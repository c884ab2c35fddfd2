"""Uncloak: from raw pictures to the figures of how long a face cloak lasts."""

import gc
import os
import sys

from snakemake.utils import min_version

# This checkout's library, here and in every job; memory that a job has freed stays its own, which saves it much time.
sys.path.insert(0, os.path.join(workflow.basedir, "workflow"))
os.environ.update(
    PYTHONPATH=os.pathsep.join(filter(None, [sys.path[0], os.getenv("PYTHONPATH")])),
    GLIBC_TUNABLES=os.getenv("GLIBC_TUNABLES")
    or "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=8589934592",
)

from uncloak.configuration import CONFIG, complete
from uncloak.errors import InputError

min_version("9.0")
gc.set_threshold(100_000)  # looking for garbage took a tenth of planning


# What there is stands in the records, what of it is run in config.yaml, both beside this file; overlays come last.
configfile: os.path.join(workflow.basedir, CONFIG)


try:
    configuration = complete(config, workflow.basedir, workflow.configfiles)
except InputError as error:
    sys.exit(f"error: {error}")
config.clear()
config.update(configuration.as_mapping())


include: "workflow/rules/common.smk"
include: "workflow/rules/dataset.smk"
include: "workflow/rules/extractors.smk"
include: "workflow/rules/attacks.smk"
include: "workflow/rules/photographs.smk"
include: "workflow/rules/exchange.smk"
include: "workflow/rules/embeddings.smk"
include: "workflow/rules/recognition.smk"
include: "workflow/rules/classifiers.smk"
include: "workflow/rules/defenses.smk"
include: "workflow/rules/transfer.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/overview.smk"
include: "workflow/rules/targets.smk"
include: "workflow/rules/hooks.smk"


rule all:
    default_target: True
    input:
        planned(targets.everything),
        paths.OVERVIEW,

"""Extractors by recipe: imported, trained from scratch, tuned from another."""


rule pixel_extractor:
    output:
        "results/extractors/{extractor}.safetensors",
    log:
        "logs/pixel_extractor/{extractor}.log",
    benchmark:
        "benchmarks/pixel_extractor/{extractor}.tsv"
    wildcard_constraints:
        extractor=with_recipe("pixels"),
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        code=lambda wildcards: code(
            "pixel_extractor", *network_modules(wildcards.extractor)
        ),
        spec=lambda wildcards: record(EXTRACTORS, wildcards.extractor),
    message:
        "Record the extractor {wildcards.extractor}"
    script:
        "../scripts/pixel_extractor.py"


rule import_extractor:
    input:
        source=published_source,
    output:
        "results/extractors/{extractor}.safetensors",
    log:
        "logs/import_extractor/{extractor}.log",
    benchmark:
        "benchmarks/import_extractor/{extractor}.tsv"
    wildcard_constraints:
        extractor=with_recipe("import"),
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=3000,
        runtime=10,
    params:
        code=lambda wildcards: code(
            "import_extractor", *network_modules(wildcards.extractor)
        ),
        spec=lambda wildcards: record(EXTRACTORS, wildcards.extractor),
    message:
        "Import the published weights of {wildcards.extractor}"
    script:
        "../scripts/import_extractor.py"


rule train_extractor:
    input:
        faces=training_data("faces.h5"),
        split=training_data("split.csv"),
    output:
        "results/extractors/{extractor}.safetensors",
    log:
        "logs/train_extractor/{extractor}.log",
    benchmark:
        "benchmarks/train_extractor/{extractor}.tsv"
    wildcard_constraints:
        extractor=one_of(name for name in TRAINED if name not in AWAITED),
    priority: 10  # long jobs first: the short ones fill the cores at the end
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
        gpu=1,
    params:
        code=lambda wildcards: training_code(wildcards, "train_extractor"),
        spec=lambda wildcards: record(EXTRACTORS, wildcards.extractor),
        seed=SEED,
    message:
        "Train {wildcards.extractor} from scratch"
    script:
        "../scripts/train_extractor.py"


# First, so that the longest attacks can begin.
use rule train_extractor as train_awaited_extractor with:
    wildcard_constraints:
        extractor=one_of(name for name in TRAINED if name in AWAITED),
    priority: 20
    message:
        "Train {wildcards.extractor} from scratch, for which attacks wait"


use rule train_extractor as finetune_extractor with:
    input:
        faces=training_data("faces.h5"),
        split=training_data("split.csv"),
        origin=origin,
    log:
        "logs/finetune_extractor/{extractor}.log",
    benchmark:
        "benchmarks/finetune_extractor/{extractor}.tsv"
    wildcard_constraints:
        extractor=one_of(TUNED),
    message:
        "Tune {wildcards.extractor} from another extractor"


rule tune_robustly:
    input:
        unpack(tuned_on),
        faces=training_data("faces.h5"),
        split=training_data("split.csv"),
        origin=origin,
    output:
        "results/extractors/{extractor}.safetensors",
    log:
        "logs/tune_robustly/{extractor}.log",
    benchmark:
        "benchmarks/tune_robustly/{extractor}.tsv"
    wildcard_constraints:
        extractor=one_of(ROBUST),
    priority: 10
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=1,
    params:
        code=lambda wildcards: training_code(wildcards, "tune_robustly"),
        spec=lambda wildcards: record(EXTRACTORS, wildcards.extractor),
        seed=SEED,
    message:
        "Tune {wildcards.extractor} on public identities, clean and perturbed"
    script:
        "../scripts/tune_robustly.py"

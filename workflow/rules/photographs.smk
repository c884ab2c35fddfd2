"""Attacks on whole photographs, which the trainer detects and aligns anew."""


rule perturb_photographs:
    input:
        unpack(chosen_targets),
        root=lambda wildcards: ancient(folder_root(wildcards)),
        manifest="results/{dataset}/manifest.csv",
        faces="results/{dataset}/faces.h5",
        split="results/{dataset}/split.csv",
        surrogates=surrogate_files,
        alexnet=perceptual_weights,
    output:
        photographs=directory(
            "results/{dataset}/perturbed/shards/{attack}/{scatteritem}"
        ),
        table="results/{dataset}/perturbed/shards/{attack}/{scatteritem}.csv",
    log:
        "logs/perturb_photographs/{dataset}/{attack}/{scatteritem}.log",
    benchmark:
        "benchmarks/perturb_photographs/{dataset}/{attack}/{scatteritem}.tsv"
    wildcard_constraints:
        attack=one_of(name for name in PHOTOGRAPHS if name not in EXTERNAL),
    priority: 15  # long jobs first
    conda:
        "../../envs/torch.yaml"
    threads: attack_threads
    resources:
        # Surrogates as above; each process perturbs a whole photograph of 12 megapixels.
        mem_mb=lambda wildcards, threads: 2300 + 4200 * threads,
        runtime=480,
        gpu=1,
    params:
        code=lambda wildcards: code(
            "perturb_photographs", *attack_modules(wildcards.attack)
        ),
        spec=lambda wildcards: perturb_record(wildcards.attack),
        seed=SEED,
    message:
        "Perturb photographs of {wildcards.dataset} by {wildcards.attack}, part {wildcards.scatteritem}"
    script:
        "../scripts/perturb_photographs.py"


rule gather_photographs:
    input:
        photographs=gather.attack(
            "results/{{dataset}}/perturbed/shards/{{attack}}/{scatteritem}"
        ),
        tables=gather.attack(
            "results/{{dataset}}/perturbed/shards/{{attack}}/{scatteritem}.csv"
        ),
    output:
        photographs=directory("results/{dataset}/perturbed/photographs/{attack}"),
        table="results/{dataset}/perturbed/photographs/{attack}.csv",
    log:
        "logs/gather_photographs/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/gather_photographs/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(name for name in PHOTOGRAPHS if name not in EXTERNAL),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        code=code("gather_photographs"),
    message:
        "Gather the photographs of {wildcards.dataset} perturbed by {wildcards.attack}"
    script:
        "../scripts/gather_photographs.py"


rule align_perturbed:
    input:
        root=lambda wildcards: ancient(photographs_root(wildcards)),
        table="results/{dataset}/perturbed/photographs/{attack}.csv",
        faces="results/{dataset}/faces.h5",
    output:
        "results/{dataset}/perturbed/{attack}.h5",
    log:
        "logs/align_perturbed/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/align_perturbed/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(PHOTOGRAPHS),
    conda:
        "../../envs/torch.yaml"
    threads: 8
    resources:
        mem_mb=lambda wildcards, threads: 900 + 1400 * threads,  # of 48 megapixels
        runtime=120,
        gpu=1,
    params:
        code=code("align_perturbed"),
        spec=alignment,
        channel=channel_steps,
    message:
        "Find and align the faces of {wildcards.dataset} perturbed by {wildcards.attack}"
    script:
        "../scripts/align_perturbed.py"


use rule align_perturbed as align_transmitted with:
    output:
        "results/{dataset}/perturbed/{attack}.{channel}.h5",
    log:
        "logs/align_transmitted/{dataset}/{attack}.{channel}.log",
    benchmark:
        "benchmarks/align_transmitted/{dataset}/{attack}.{channel}.tsv"
    message:
        "Find and align the faces of {wildcards.dataset} perturbed by {wildcards.attack}, sent through {wildcards.channel}"

"""Perturbed pictures of the users, by attack, in shards that run side by side."""


rule perturb:
    input:
        faces="results/{dataset}/faces.h5",
        split="results/{dataset}/split.csv",
        surrogates=surrogate_files,
        alexnet=perceptual_weights,
        target_faces=target_data("faces.h5"),
        target_split=target_data("split.csv"),
    output:
        "results/{dataset}/perturbed/shards/{attack}/{scatteritem}.h5",
    log:
        "logs/perturb/{dataset}/{attack}/{scatteritem}.log",
    benchmark:
        "benchmarks/perturb/{dataset}/{attack}/{scatteritem}.tsv"
    priority: 10  # long jobs first: the short ones fill the cores at the end
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=240,
        gpu=1,
    params:
        code=lambda wildcards: code(
            "perturb",
            *method_modules(wildcards.attack),
            *network_modules(*ATTACKS[wildcards.attack]["surrogates"]),
        ),
        spec=lambda wildcards: record(ATTACKS, wildcards.attack),
        seed=SEED,
    message:
        "Perturb pictures of {wildcards.dataset} by {wildcards.attack}, part {wildcards.scatteritem}"
    script:
        "../scripts/perturb.py"


rule gather_perturbed:
    input:
        gather.attack(
            "results/{{dataset}}/perturbed/shards/{{attack}}/{scatteritem}.h5"
        ),
    output:
        "results/{dataset}/perturbed/{attack}.h5",
    log:
        "logs/gather_perturbed/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/gather_perturbed/{dataset}/{attack}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=code("gather_perturbed"),
    message:
        "Gather the pictures of {wildcards.dataset} perturbed by {wildcards.attack}"
    script:
        "../scripts/gather_perturbed.py"

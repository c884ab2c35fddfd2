"""Perturbed pictures of the users, by attack, in shards that run side by side."""


def surrogate_files(wildcards):
    return extractor_files(*ATTACKS[wildcards.attack]["surrogates"])


def target_data(name):
    """Faces among whom a targeted attack chooses its targets."""

    def path(wildcards):
        targets = ATTACKS[wildcards.attack].get("targets")
        return f"results/{targets['dataset']}/{name}" if targets else []

    return path


rule perturb:
    input:
        faces="results/{dataset}/faces.h5",
        split="results/{dataset}/split.csv",
        surrogates=surrogate_files,
        target_faces=target_data("faces.h5"),
        target_split=target_data("split.csv"),
    output:
        "results/{dataset}/perturbed/shards/{attack}/{scatteritem}.h5",
    log:
        "logs/perturb/{dataset}/{attack}/{scatteritem}.log",
    benchmark:
        "benchmarks/perturb/{dataset}/{attack}/{scatteritem}.tsv"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=240,
        gpu=1,
    params:
        code=lambda wildcards: code(
            "perturb",
            f"attacks.{ATTACKS[wildcards.attack]['method']}",
            *network_modules(*ATTACKS[wildcards.attack]["surrogates"]),
        ),
        spec=lambda wildcards: record(ATTACKS, wildcards.attack),
        seed=SEED,
    message:
        "Perturb pictures of {wildcards.dataset} by {wildcards.attack}, part {wildcards.scatteritem}"
    conda:
        "../../envs/torch.yaml"
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
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=code("gather_perturbed"),
    message:
        "Gather the pictures of {wildcards.dataset} perturbed by {wildcards.attack}"
    conda:
        "../../envs/tables.yaml"
    script:
        "../scripts/gather_perturbed.py"

"""Perturbed pictures of the users, by attack, in shards that run side by side."""


def surrogate_files(wildcards):
    return extractor_files(*ATTACKS[wildcards.attack]["surrogates"])


def target_data(name):
    """Faces among whom a targeted attack chooses its targets."""

    def path(wildcards):
        targets = ATTACKS[wildcards.attack].get("targets")
        return f"results/{targets['dataset']}/{name}" if targets else []

    return path


def method_modules(attack):
    """Modules that the perturbing picks at run time: the method, and for a targeted one the choice of targets."""
    targets = ["attacks.targets"] if "targets" in ATTACKS[attack] else []
    return [f"attacks.{ATTACKS[attack]['method']}", *targets]


def perceptual_weights(wildcards):
    """AlexNet's weights, where the attack's perceptual term is LPIPS."""
    options = ATTACKS[wildcards.attack].get("options", {})
    if (
        ATTACKS[wildcards.attack]["method"] != "lowkey"
        or options.get("perceptual", "lpips") != "lpips"
    ):
        return []
    return exists(
        Path(config["weights"], "alexnet-owt-7be5be79.pth"),
        "get torchvision's AlexNet weights (resources/README.md), or set the attack's option perceptual to dssim",
    )


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

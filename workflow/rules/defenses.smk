"""Defenses with data of their own: detectors of perturbed faces, and whose faces robust training perturbs."""


rule train_detector:
    input:
        faces="results/{dataset}/faces.h5",
        split="results/{dataset}/split.csv",
        perturbed=lambda wildcards: [
            path
            for attack in EXPERIMENTS["detection"]["attacks"]
            for path in perturbed_others(wildcards.dataset, "detector", attack)
        ],
        posted=lambda wildcards: perturbed(
            wildcards.dataset, scored_attacks(wildcards.dataset)
        ),
        weights=detector_weights,
    output:
        detector="results/{dataset}/detection/{detector}.safetensors",
        scores="results/{dataset}/detection/{detector}.csv",
    log:
        "logs/train_detector/{dataset}/{detector}.log",
    benchmark:
        "benchmarks/train_detector/{dataset}/{detector}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
        gpu=1,
    params:
        code=code("train_detector"),
        spec=lambda wildcards: record(DETECTORS, wildcards.detector),
        perturbed=lambda wildcards: spec(
            [
                attack
                for attack in EXPERIMENTS["detection"]["attacks"]
                for _ in perturbed_others(wildcards.dataset, "detector", attack)
            ]
        ),
        posted=lambda wildcards: spec(scored_attacks(wildcards.dataset)),
        seed=SEED,
    message:
        "Train the detector {wildcards.detector} on {wildcards.dataset}"
    script:
        "../scripts/train_detector.py"


rule public_table:
    input:
        perturbed=lambda wildcards: [path for _, path in public_files()],
    output:
        "results/{dataset}/tables/public.csv",
    log:
        "logs/public_table/{dataset}.log",
    benchmark:
        "benchmarks/public_table/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("public_table"),
        attacks=spec([attack for attack, _ in public_files()]),
        labels=spec({attack: ATTACKS[attack]["label"] for attack, _ in public_files()}),
        public=learned_public(EXPERIMENTS["adaptive"]["robust"]).get("dataset", ""),
        seed=SEED,
    message:
        "Count the public identities that robust training on {wildcards.dataset} perturbs"
    script:
        "../scripts/public_table.py"

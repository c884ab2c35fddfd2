"""Defenses with data of their own: detectors of perturbed faces, and whose faces robust training perturbs."""


rule train_detector:
    input:
        faces=paths.FACES,
        split=paths.SPLIT,
        perturbed=planned(detection.lessons),
        posted=planned(detection.scored_faces),
        weights=planned(brought.detector_weights),
    output:
        detector=paths.DETECTOR,
        scores=paths.SCORES,
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
        spec=text(detection.record),
        perturbed=text(detection.lesson_attacks),
        posted=text(detection.scored_attacks),
        seed=SEED,
    message:
        "Train the detector {wildcards.detector} on {wildcards.dataset}"
    script:
        "../scripts/train_detector.py"


rule public_table:
    input:
        perturbed=planned(figures.public_files),
    output:
        paths.fill(paths.TABLE, table="public"),
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
        attacks=text(figures.public_attacks),
        labels=text(figures.public_labels),
        public=planned(figures.public_dataset),
        seed=SEED,
    message:
        "Count the public identities that robust training on {wildcards.dataset} perturbs"
    script:
        "../scripts/public_table.py"

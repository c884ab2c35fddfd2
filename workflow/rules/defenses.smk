"""Defenses with data of their own: detectors of perturbed faces."""


rule train_detector:
    input:
        faces=paths.FACES,
        split=paths.SPLIT,
        perturbed=planned(detection.lessons),
        posted=planned(detection.scored_faces),
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
        brought=planned(brought.detector_weights),
        record=text(detection.record),
        perturbed=text(detection.lesson_attacks),
        posted=text(detection.scored_attacks),
        seed=SEED,
    message:
        "Train the detector {wildcards.detector} on {wildcards.dataset}"
    script:
        "../scripts/train_detector.py"

"""Defenses that learn: detectors of perturbed faces, and purifiers."""


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


rule learn_purifier:
    input:
        faces=ancient(planned(defenses.lesson_faces)),
        split=planned(defenses.lesson_people),
        perturbed=planned(defenses.lesson_files),
        features=planned(defenses.feature_files),
    output:
        paths.PURIFIER,
    log:
        "logs/learn_purifier/{purifier}.log",
    benchmark:
        "benchmarks/learn_purifier/{purifier}.tsv"
    priority: 10
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=1,
    params:
        code=code("learn_purifier", defenses.learning_modules),
        record=text(defenses.lesson_record),
    message:
        "Learn the purifier {wildcards.purifier} on public identities, clean and perturbed"
    script:
        "../scripts/learn_purifier.py"

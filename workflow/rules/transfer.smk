"""Do adversarial examples fool the classifiers of the future? Pictures, classifiers, the attack, and its figure."""

if transfer.objects_are_drawn(config):

    rule draw_objects:
        output:
            paths.OBJECTS,
        log:
            "logs/draw_objects.log",
        benchmark:
            "benchmarks/draw_objects.tsv"
        conda:
            "../../envs/tables.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            code=code("draw_objects"),
            spec=text(transfer.objects_record),
            seed=SEED,
        message:
            "Draw the objects to classify"
        script:
            "../scripts/draw_objects.py"

else:

    rule import_objects:
        input:
            root=ancient(planned(brought.objects_folder)),
        output:
            paths.OBJECTS,
        log:
            "logs/import_objects.log",
        benchmark:
            "benchmarks/import_objects.tsv"
        conda:
            "../../envs/torch.yaml"
        threads: 1
        resources:
            mem_mb=8000,
            runtime=120,
        params:
            code=code("import_objects"),
            spec=text(transfer.objects_record),
            listing=planned(brought.objects_listing),
            seed=SEED,
        message:
            "Read the pictures to classify"
        script:
            "../scripts/import_objects.py"


rule train_classifier:
    input:
        objects=paths.OBJECTS,
    output:
        paths.CLASSIFIER,
    log:
        "logs/train_classifier/{classifier}.log",
    benchmark:
        "benchmarks/train_classifier/{classifier}.tsv"
    wildcard_constraints:
        classifier=one_of(transfer.made_by(config, "train")),
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("train_classifier", transfer.classifier_modules),
        spec=text(transfer.classifier_record),
        seed=SEED,
    message:
        "Train the classifier {wildcards.classifier}"
    script:
        "../scripts/train_classifier.py"


rule import_classifier:
    input:
        source=planned(brought.classifier_source),
    output:
        paths.CLASSIFIER,
    log:
        "logs/import_classifier/{classifier}.log",
    benchmark:
        "benchmarks/import_classifier/{classifier}.tsv"
    wildcard_constraints:
        classifier=one_of(transfer.made_by(config, "source")),
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=10000,
        runtime=20,
    params:
        code=code("import_classifier", transfer.classifier_modules),
        spec=text(transfer.classifier_record),
        classes=1000,
    message:
        "Import the published weights of the classifier {wildcards.classifier}"
    script:
        "../scripts/import_classifier.py"


rule transfer:
    input:
        objects=paths.OBJECTS,
        classifiers=planned(transfer.classifier_files),
    output:
        paths.TRANSFER_ACCURACY,
    log:
        "logs/transfer.log",
    benchmark:
        "benchmarks/transfer.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=480,
        gpu=1,
    params:
        code=code("transfer", transfer.modules),
        spec=text(transfer.record),
        seed=SEED,
    message:
        "Attack the old classifiers, and try the pictures on the new ones"
    script:
        "../scripts/transfer.py"


rule transfer_over_time:
    input:
        paths.TRANSFER_ACCURACY,
        vega=paths.VEGA,
    output:
        **paths.drawings(paths.TRANSFER_FIGURE),
        table=paths.TRANSFER_TABLE,
        html=report(
            targets.transfer_page(config),
            caption="../report/transfer_over_time.rst",
            category="Do adversarial examples last?",
            labels={"figure": "accuracy of classifiers by release"},
        ),
    log:
        "logs/transfer_over_time.log",
    benchmark:
        "benchmarks/transfer_over_time.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("transfer_over_time"),
        classifiers=text(transfer.described_classifiers),
        attack=text(transfer.attack_record),
        objects=planned(transfer.objects_label),
        data_note=planned(transfer.objects_note),
        n_classifiers=planned(transfer.classifier_count),
        seed=SEED,
    message:
        "Draw accuracy by release of the classifier"
    script:
        "../scripts/transfer_over_time.py"

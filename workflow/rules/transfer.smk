"""Do adversarial examples fool the classifiers of the future? Pictures, classifiers, the attack, and its figure."""


rule objects:
    input:
        folder=ancient(planned(brought.objects_folder)),
    output:
        paths.OBJECTS,
    log:
        "logs/objects.log",
    benchmark:
        "benchmarks/objects.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=1000 if transfer.objects_are_drawn(config) else 8000,
        runtime=120,
    params:
        code=code("objects", transfer.objects_modules),
        spec=text(transfer.objects_record),
        listing=planned(brought.objects_listing),
        seed=SEED,
    message:
        "Draw the pictures to classify, or read them from a folder"
    script:
        "../scripts/objects.py"


rule classifier:
    input:
        planned(transfer.made_from),
    output:
        paths.CLASSIFIER,
    log:
        "logs/classifier/{classifier}.log",
    benchmark:
        "benchmarks/classifier/{classifier}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=2000 if transfer.objects_are_drawn(config) else 10000,
        runtime=30,
    params:
        code=code("classifier", transfer.classifier_modules),
        recipe=planned(transfer.recipe),
        spec=text(transfer.classifier_record),
        seed=SEED,
    message:
        "Make the classifier {wildcards.classifier}"
    script:
        "../scripts/classifier.py"


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

"""Do adversarial examples fool the image classifiers of the future? Pictures, classifiers, the attack, and its figure."""


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
        record=text(transfer.objects_record),
        listing=planned(brought.objects_listing) if workflow.is_main_process else "",
        brought=planned(brought.objects),
        seed=SEED,
    message:
        "Draw the pictures to classify, or read them from a folder"
    script:
        "../scripts/objects.py"


rule image_classifier:
    input:
        planned(transfer.made_from),
    output:
        paths.IMAGE_CLASSIFIER,
    log:
        "logs/image_classifier/{image_classifier}.log",
    benchmark:
        "benchmarks/image_classifier/{image_classifier}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=2000 if transfer.objects_are_drawn(config) else 10000,
        runtime=30,
    params:
        code=code("image_classifier", transfer.image_classifier_modules),
        recipe=planned(transfer.recipe),
        brought=planned(brought.image_classifier_weights),
        record=text(transfer.image_classifier_record),
        seed=SEED,
    message:
        "Make the image classifier {wildcards.image_classifier}"
    script:
        "../scripts/image_classifier.py"


rule transfer:
    input:
        objects=paths.OBJECTS,
        image_classifiers=planned(transfer.image_classifier_files),
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
        record=text(transfer.record),
        seed=SEED,
    message:
        "Attack the old image classifiers, and try the pictures on the new ones"
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
            caption="../report/figure.rst",
            category=transfer.CATEGORY,
            labels={"figure": transfer.TITLE},
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
        image_classifiers=text(transfer.described),
        attack=text(transfer.attack_record),
        objects=planned(transfer.objects_label),
        caption=planned(transfer.caption),
    message:
        "Draw accuracy by release of the image classifier"
    script:
        "../scripts/transfer_over_time.py"

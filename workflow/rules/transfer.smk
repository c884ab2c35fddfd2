"""Do adversarial examples fool the classifiers of the future? Pictures, classifiers, the attack, and its figure."""

if config["objects"]["source"] == "drawn":

    rule draw_objects:
        output:
            "results/transfer/objects.h5",
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
            spec=spec(objects_record()),
            seed=SEED,
        message:
            "Draw the objects to classify"
        script:
            "../scripts/draw_objects.py"

else:

    rule import_objects:
        input:
            root=ancient(objects_root()),
        output:
            "results/transfer/objects.h5",
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
            spec=spec(objects_record()),
            listing=lambda wildcards: listing_digest(objects_root()),
            seed=SEED,
        message:
            "Read the pictures to classify"
        script:
            "../scripts/import_objects.py"


rule train_classifier:
    input:
        objects="results/transfer/objects.h5",
    output:
        "results/transfer/classifiers/{classifier}.safetensors",
    log:
        "logs/train_classifier/{classifier}.log",
    benchmark:
        "benchmarks/train_classifier/{classifier}.tsv"
    wildcard_constraints:
        classifier=one_of(name for name in CLASSIFIERS if "train" in CLASSIFIERS[name]),
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda wildcards: code(
            "train_classifier", *classifier_modules(wildcards.classifier)
        ),
        spec=lambda wildcards: record(CLASSIFIERS, wildcards.classifier),
        seed=SEED,
    message:
        "Train the classifier {wildcards.classifier}"
    script:
        "../scripts/train_classifier.py"


rule import_classifier:
    input:
        source=classifier_source,
    output:
        "results/transfer/classifiers/{classifier}.safetensors",
    log:
        "logs/import_classifier/{classifier}.log",
    benchmark:
        "benchmarks/import_classifier/{classifier}.tsv"
    wildcard_constraints:
        classifier=one_of(name for name in CLASSIFIERS if "source" in CLASSIFIERS[name]),
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=10000,
        runtime=20,
    params:
        code=lambda wildcards: code(
            "import_classifier", *classifier_modules(wildcards.classifier)
        ),
        spec=lambda wildcards: record(CLASSIFIERS, wildcards.classifier),
        classes=1000,
    message:
        "Import the published weights of the classifier {wildcards.classifier}"
    script:
        "../scripts/import_classifier.py"


rule transfer:
    input:
        objects="results/transfer/objects.h5",
        classifiers=expand(
            "results/transfer/classifiers/{classifier}.safetensors",
            classifier=config["transfer"]["classifiers"],
        ),
    output:
        "results/transfer/accuracy.csv",
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
        code=code("transfer", *classifier_modules(*config["transfer"]["classifiers"])),
        spec=spec(config["transfer"]),
        seed=SEED,
    message:
        "Attack the old classifiers, and try the pictures on the new ones"
    script:
        "../scripts/transfer.py"


rule transfer_over_time:
    input:
        "results/transfer/accuracy.csv",
        vega=VEGA,
    output:
        table="results/transfer/transfer.csv",
        svg="results/transfer/figures/transfer_over_time.svg",
        png="results/transfer/figures/transfer_over_time.png",
        csv="results/transfer/figures/transfer_over_time.csv",
        html=report(
            "results/transfer/figures/transfer_over_time.html",
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
        classifiers=spec(
            {
                name: {key: CLASSIFIERS[name][key] for key in ("label", "released")}
                for name in config["transfer"]["classifiers"]
            }
        ),
        attack=spec(config["transfer"]["attack"]),
        objects=config["objects"]["label"],
        data_note=config["objects"]["note"],
        n_classifiers=len(config["transfer"]["classifiers"]),
        seed=SEED,
    message:
        "Draw accuracy by release of the classifier"
    script:
        "../scripts/transfer_over_time.py"

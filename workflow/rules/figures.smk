"""Figures, each with the table it was drawn from, for people and for the report."""

from importlib.metadata import version


rule vega:
    output:
        VEGA,
    log:
        "logs/vega.log",
    benchmark:
        "benchmarks/vega.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("vega"),
        version=version("vl-convert-python"),
    message:
        "Make the script that figures are shown by"
    script:
        "../scripts/vega.py"


rule protection_by_extractor:
    input:
        "results/{dataset}/tables/figures/{figure}.csv",
        vega=VEGA,
    output:
        **other_files("{figure}"),
        html=report(
            "results/{dataset}/figures/{figure}.html",
            caption="../report/protection_by_extractor.rst",
            category="How long does a cloak last?",
            subcategory="{dataset}",
            labels={"figure": "protection by extractor", "attacks": "{figure}"},
        ),
    log:
        "logs/protection_by_extractor/{dataset}/{figure}.log",
    benchmark:
        "benchmarks/protection_by_extractor/{dataset}/{figure}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("protection_by_extractor"),
        spec=figure_record,
        run=lambda wildcards: spec(attacks_of(wildcards.dataset)),
        dataset=lambda wildcards: DATASETS[wildcards.dataset]["label"],
        metric=config["recognition"]["metric"],
        paper=lambda wildcards: config["figures"][wildcards.figure]["paper"],
        n_users=lambda wildcards: DATASETS[wildcards.dataset]["split"]["roles"]["user"],
        data_note=data_note,
        seed=SEED,
    message:
        "Draw {wildcards.figure} of {wildcards.dataset}"
    script:
        "../scripts/protection_by_extractor.py"


rule protection_by_visibility:
    input:
        protection="results/{dataset}/tables/protection.csv",
        visibility="results/{dataset}/tables/visibility.csv",
        vega=VEGA,
    output:
        **other_files("visibility"),
        html=report(
            "results/{dataset}/figures/visibility.html",
            caption="../report/visibility.rst",
            category="What does it cost?",
            subcategory="{dataset}",
            labels={"figure": "protection against visibility"},
        ),
    log:
        "logs/protection_by_visibility/{dataset}.log",
    benchmark:
        "benchmarks/protection_by_visibility/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("protection_by_visibility"),
        attacks=lambda wildcards: spec(attacks_of(wildcards.dataset)),
        extractors=lambda wildcards: spec(extractors_of(wildcards.dataset)),
        dataset=lambda wildcards: DATASETS[wildcards.dataset]["label"],
        data_note=data_note,
        seed=SEED,
    message:
        "Draw protection against visibility of {wildcards.dataset}"
    script:
        "../scripts/protection_by_visibility.py"


rule protection_by_channel:
    input:
        "results/{dataset}/tables/protection.csv",
        vega=VEGA,
    output:
        **other_files("channels"),
        html=report(
            "results/{dataset}/figures/channels.html",
            caption="../report/channels.rst",
            category="What is left of a cloak?",
            subcategory="{dataset}",
            labels={"figure": "protection by channel"},
        ),
    log:
        "logs/protection_by_channel/{dataset}.log",
    benchmark:
        "benchmarks/protection_by_channel/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("protection_by_channel"),
        attacks=lambda wildcards: spec(attacks_of(wildcards.dataset)),
        extractors=lambda wildcards: spec(extractors_of(wildcards.dataset)),
        channels=spec(
            [
                ["png", "PNG"],
                *(
                    [name, CHANNELS[name]["label"]]
                    for name in config["run"]["channels"]
                ),
            ]
        ),
        dataset=lambda wildcards: DATASETS[wildcards.dataset]["label"],
        data_note=data_note,
        seed=SEED,
    message:
        "Draw protection by channel of {wildcards.dataset}"
    script:
        "../scripts/protection_by_channel.py"


rule contact_sheet:
    input:
        faces="results/{dataset}/faces.h5",
        perturbed=lambda wildcards: perturbed(
            wildcards.dataset, parts(attacks_of(wildcards.dataset))
        ),
        vega=VEGA,
    output:
        **other_files("contact_sheet"),
        html=report(
            "results/{dataset}/figures/contact_sheet.html",
            caption="../report/contact_sheet.rst",
            category="Pictures",
            subcategory="{dataset}",
            labels={"figure": "clean and perturbed faces"},
        ),
    log:
        "logs/contact_sheet/{dataset}.log",
    benchmark:
        "benchmarks/contact_sheet/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("contact_sheet"),
        labels=lambda wildcards: [
            ATTACKS[name]["label"] for name in parts(attacks_of(wildcards.dataset))
        ],
        dataset=lambda wildcards: DATASETS[wildcards.dataset]["label"],
        data_note=data_note,
        seed=SEED,
    message:
        "Draw clean and perturbed faces of {wildcards.dataset}"
    script:
        "../scripts/contact_sheet.py"


rule picture_sample:
    input:
        root=lambda wildcards: ancient(folder_root(wildcards)),
        manifest="results/{dataset}/manifest.csv",
        faces="results/{dataset}/faces.h5",
        vega=VEGA,
    output:
        **other_files("pictures"),
        html=report(
            "results/{dataset}/figures/pictures.html",
            caption="../report/pictures.rst",
            category="Pictures",
            subcategory="{dataset}",
            labels={"figure": "sample of the dataset"},
        ),
    log:
        "logs/picture_sample/{dataset}.log",
    benchmark:
        "benchmarks/picture_sample/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("picture_sample"),
        dataset=lambda wildcards: DATASETS[wildcards.dataset]["label"],
        data_note=data_note,
        seed=SEED,
    message:
        "Draw a sample of {wildcards.dataset}"
    script:
        "../scripts/picture_sample.py"

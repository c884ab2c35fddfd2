"""Distances between probes and gallery faces, the errors read off them, and the tables of protection rates."""


rule compare:
    input:
        clean=lambda wildcards: embeddings(
            wildcards.dataset, [wildcards.extractor], ["clean"]
        ),
        split="results/{dataset}/split.csv",
    output:
        "results/{dataset}/recognition/{extractor}/comparisons.h5",
    log:
        "logs/compare/{dataset}/{extractor}.log",
    benchmark:
        "benchmarks/compare/{dataset}/{extractor}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("compare"),
        metric=config["recognition"]["metric"],
    message:
        "Compare the users' probes with the gallery of {wildcards.dataset} by {wildcards.extractor}"
    script:
        "../scripts/compare.py"


rule recognize:
    input:
        comparisons=lambda wildcards: comparisons(
            wildcards.dataset, compared(wildcards.dataset)
        ),
        posted=lambda wildcards: posted_embeddings(
            wildcards.dataset, compared(wildcards.dataset), CHANNELS_RUN
        ),
    output:
        protection="results/{dataset}/recognition/protection.csv",
        unprotected="results/{dataset}/recognition/unprotected.csv",
        ranks="results/{dataset}/recognition/ranks.csv",
        verification="results/{dataset}/recognition/verification.csv",
    log:
        "logs/recognize/{dataset}.log",
    benchmark:
        "benchmarks/recognize/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("recognize"),
        sources=lambda wildcards: posted_sources(
            compared(wildcards.dataset), CHANNELS_RUN
        ),
        attacks=lambda wildcards: shares_by_extractor(compared(wildcards.dataset)),
        unprotected=spec(EXPERIMENTS["unprotected"]["pictures"]),
        posted=spec(EXPERIMENTS["unprotected"]["posted"]),
        choices=EXPERIMENTS["unprotected"]["choices"],
        seed=SEED,
    message:
        "Recognize the users of {wildcards.dataset} by their nearest gallery face"
    script:
        "../scripts/recognize.py"


# What one figure shows, so that it waits for nothing else.
use rule recognize as recognize_shown with:
    input:
        comparisons=lambda wildcards: comparisons(
            wildcards.dataset, shown(wildcards.dataset, wildcards.figure)
        ),
        posted=lambda wildcards: posted_embeddings(
            wildcards.dataset, shown(wildcards.dataset, wildcards.figure), []
        ),
    output:
        protection="results/{dataset}/recognition/figures/{figure}.csv",
    log:
        "logs/recognize_shown/{dataset}/{figure}.log",
    benchmark:
        "benchmarks/recognize_shown/{dataset}/{figure}.tsv"
    params:
        code=code("recognize"),
        sources=lambda wildcards: posted_sources(
            shown(wildcards.dataset, wildcards.figure), []
        ),
        attacks=lambda wildcards: shares_by_extractor(
            shown(wildcards.dataset, wildcards.figure)
        ),
        unprotected=spec([]),
        posted=spec([]),
        choices=1,
        seed=SEED,
    message:
        "Recognize the users of {wildcards.dataset} for {wildcards.figure}"


rule two_models:
    input:
        comparisons=lambda wildcards: comparisons(
            wildcards.dataset, models_of("systems")
        ),
        posted=lambda wildcards: posted_embeddings(
            wildcards.dataset, modelled(wildcards.dataset), CHANNELS_RUN
        ),
    output:
        "results/{dataset}/recognition/systems.csv",
    log:
        "logs/two_models/{dataset}.log",
    benchmark:
        "benchmarks/two_models/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("two_models"),
        sources=lambda wildcards: posted_sources(
            modelled(wildcards.dataset), CHANNELS_RUN
        ),
        systems=systems_of("systems"),
        attacks=lambda wildcards: shares(attacks_of(wildcards.dataset)),
        share=EXPERIMENTS["systems"]["share"],
        seed=SEED,
    message:
        "Recognize the users of {wildcards.dataset} by two extractors together"
    script:
        "../scripts/two_models.py"


rule collusion:
    input:
        clean=lambda wildcards: embeddings(
            wildcards.dataset, models_of("collusion"), ["clean"]
        ),
        posted=lambda wildcards: embeddings(
            wildcards.dataset,
            models_of("collusion"),
            EXPERIMENTS["collusion"]["attacks"],
        ),
        comparisons=lambda wildcards: comparisons(
            wildcards.dataset, models_of("collusion")
        ),
        targets=lambda wildcards: [
            f"results/{wildcards.dataset}/perturbed/targets/{name}.csv"
            for name in EXPERIMENTS["collusion"]["attacks"]
            if "targets" in ATTACKS[name]
        ][:1],
        scores=detector_scores,
        split="results/{dataset}/split.csv",
    output:
        "results/{dataset}/recognition/collusion.csv",
    log:
        "logs/collusion/{dataset}.log",
    benchmark:
        "benchmarks/collusion/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("collusion"),
        extractors=spec(models_of("collusion")),
        systems=systems_of("collusion"),
        attacks=spec(EXPERIMENTS["collusion"]["attacks"]),
        share=EXPERIMENTS["systems"]["share"],
        threshold=EXPERIMENTS["detection"]["threshold"],
        metric=config["recognition"]["metric"],
        seed=SEED,
    message:
        "Recognize the users of {wildcards.dataset} who collude"
    script:
        "../scripts/collusion.py"


rule filtered:
    input:
        clean=lambda wildcards: embeddings(
            wildcards.dataset, EXPERIMENTS["unprotected"]["extractors"], ["clean"]
        ),
        comparisons=lambda wildcards: comparisons(
            wildcards.dataset, EXPERIMENTS["unprotected"]["extractors"]
        ),
        posted=lambda wildcards: posted_embeddings(
            wildcards.dataset, dropped(wildcards.dataset), []
        ),
        scores=detector_scores,
        split="results/{dataset}/split.csv",
    output:
        "results/{dataset}/recognition/filtered.csv",
    log:
        "logs/filtered/{dataset}.log",
    benchmark:
        "benchmarks/filtered/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("filtered"),
        sources=lambda wildcards: posted_sources(dropped(wildcards.dataset), []),
        attacks=lambda wildcards: shares(attacks_in("unprotected", wildcards.dataset)),
        unprotected=spec(EXPERIMENTS["unprotected"]["pictures"]),
        choices=EXPERIMENTS["unprotected"]["choices"],
        threshold=EXPERIMENTS["detection"]["threshold"],
        seed=SEED,
    message:
        "Recognize the users of {wildcards.dataset} where detected faces are dropped"
    script:
        "../scripts/filtered.py"


rule protection_table:
    input:
        protection=["results/{dataset}/recognition/protection.csv"],
        unprotected=["results/{dataset}/recognition/unprotected.csv"],
        ranks=["results/{dataset}/recognition/ranks.csv"],
        verification=["results/{dataset}/recognition/verification.csv"],
    output:
        protection="results/{dataset}/tables/protection.csv",
        unprotected="results/{dataset}/tables/unprotected.csv",
        ranks="results/{dataset}/tables/ranks.csv",
        verification="results/{dataset}/tables/verification.csv",
    log:
        "logs/protection_table/{dataset}.log",
    benchmark:
        "benchmarks/protection_table/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("protection_table"),
        extractors=described_extractors,
        attacks=described_attacks,
    message:
        "Average over the users of {wildcards.dataset}"
    script:
        "../scripts/protection_table.py"


use rule protection_table as shown_table with:
    input:
        protection=["results/{dataset}/recognition/figures/{figure}.csv"],
    output:
        protection="results/{dataset}/tables/figures/{figure}.csv",
    log:
        "logs/shown_table/{dataset}/{figure}.log",
    benchmark:
        "benchmarks/shown_table/{dataset}/{figure}.tsv"


use rule protection_table as classifier_table with:
    input:
        classifiers=errors_of_classifiers,
    output:
        classifiers="results/{dataset}/tables/classifiers.csv",
    log:
        "logs/classifier_table/{dataset}.log",
    benchmark:
        "benchmarks/classifier_table/{dataset}.tsv"


use rule protection_table as system_table with:
    input:
        systems=["results/{dataset}/recognition/systems.csv"],
    output:
        systems="results/{dataset}/tables/systems.csv",
    log:
        "logs/system_table/{dataset}.log",
    benchmark:
        "benchmarks/system_table/{dataset}.tsv"


use rule protection_table as filtered_table with:
    input:
        filtered=["results/{dataset}/recognition/filtered.csv"],
    output:
        filtered="results/{dataset}/tables/filtered.csv",
    log:
        "logs/filtered_table/{dataset}.log",
    benchmark:
        "benchmarks/filtered_table/{dataset}.tsv"


rule quality_table:
    input:
        split="results/{dataset}/split.csv",
        perturbed=lambda wildcards: perturbed(
            wildcards.dataset, parts(attacks_of(wildcards.dataset))
        ),
        lpips=perceptual_distances,
    output:
        quality="results/{dataset}/tables/quality.csv",
        visibility="results/{dataset}/tables/visibility.csv",
    log:
        "logs/quality_table/{dataset}.log",
    benchmark:
        "benchmarks/quality_table/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("quality_table"),
        made_by=lambda wildcards: spec(parts(attacks_of(wildcards.dataset))),
        attacks=lambda wildcards: shares(attacks_of(wildcards.dataset)),
        seed=SEED,
    message:
        "Say how much each attack shows in the pictures of {wildcards.dataset}"
    script:
        "../scripts/quality_table.py"

"""Distances between probes and gallery faces, the errors read off them, and the tables of protection rates."""


rule compare:
    input:
        clean=planned(recognition.clean_embeddings),
        split=paths.SPLIT,
    output:
        paths.COMPARISONS,
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
        metric=planned(recognition.metric),
    message:
        "Compare the users' probes with the gallery of {wildcards.dataset} by {wildcards.extractor}"
    script:
        "../scripts/compare.py"


rule recognize:
    input:
        comparisons=planned(recognition.comparisons_in),
        posted=planned(recognition.embeddings_in),
    output:
        protection=paths.fill(paths.ERRORS, table="protection"),
        unprotected=paths.fill(paths.ERRORS, table="unprotected"),
        ranks=paths.fill(paths.ERRORS, table="ranks"),
        verification=paths.fill(paths.ERRORS, table="verification"),
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
        sources=text(recognition.sources_in),
        attacks=text(recognition.shares_in),
        unprotected=text(setting, experiment="unprotected", key="pictures"),
        posted=text(setting, experiment="unprotected", key="posted"),
        choices=planned(setting, experiment="unprotected", key="choices"),
        seed=SEED,
    message:
        "Recognize the users of {wildcards.dataset} by their nearest gallery face"
    script:
        "../scripts/recognize.py"


# What one figure shows, so that it waits for nothing else.
use rule recognize as recognize_shown with:
    input:
        comparisons=planned(recognition.comparisons_in),
        posted=planned(recognition.embeddings_in),
    output:
        protection=paths.SHOWN_ERRORS,
    log:
        "logs/recognize_shown/{dataset}/{figure}.log",
    benchmark:
        "benchmarks/recognize_shown/{dataset}/{figure}.tsv"
    params:
        code=code("recognize"),
        sources=text(recognition.sources_in),
        attacks=text(recognition.shares_in),
        unprotected=spec([]),
        posted=spec([]),
        choices=1,
        seed=SEED,
    message:
        "Recognize the users of {wildcards.dataset} for {wildcards.figure}"


rule two_models:
    input:
        comparisons=planned(experiments.model_comparisons, experiment="systems"),
        posted=planned(experiments.model_embeddings),
    output:
        paths.fill(paths.ERRORS, table="systems"),
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
        sources=text(experiments.model_sources),
        systems=text(evaluated.systems_of, experiment="systems"),
        attacks=text(recognition.dataset_shares),
        share=planned(setting, experiment="systems", key="share"),
        seed=SEED,
    message:
        "Recognize the users of {wildcards.dataset} by two extractors together"
    script:
        "../scripts/two_models.py"


rule collusion:
    input:
        clean=planned(experiments.colluding_clean),
        posted=planned(experiments.colluding_posted),
        comparisons=planned(experiments.model_comparisons, experiment="collusion"),
        targets=planned(experiments.colluding_targets),
        scores=planned(detection.scores),
        split=paths.SPLIT,
    output:
        paths.fill(paths.ERRORS, table="collusion"),
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
        extractors=text(evaluated.models_of, experiment="collusion"),
        systems=text(evaluated.systems_of, experiment="collusion"),
        attacks=text(setting, experiment="collusion", key="attacks"),
        share=planned(setting, experiment="systems", key="share"),
        threshold=planned(setting, experiment="detection", key="threshold"),
        metric=planned(recognition.metric),
        seed=SEED,
    message:
        "Recognize the users of {wildcards.dataset} who collude"
    script:
        "../scripts/collusion.py"


rule filtered:
    input:
        clean=planned(experiments.filtered_clean),
        comparisons=planned(experiments.filtered_comparisons),
        posted=planned(experiments.filtered_posted),
        scores=planned(detection.scores),
        split=paths.SPLIT,
    output:
        paths.fill(paths.ERRORS, table="filtered"),
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
        sources=text(experiments.filtered_sources),
        attacks=text(experiments.filtered_shares),
        unprotected=text(setting, experiment="unprotected", key="pictures"),
        choices=planned(setting, experiment="unprotected", key="choices"),
        threshold=planned(setting, experiment="detection", key="threshold"),
        seed=SEED,
    message:
        "Recognize the users of {wildcards.dataset} where detected faces are dropped"
    script:
        "../scripts/filtered.py"


rule protection_table:
    input:
        protection=[paths.fill(paths.ERRORS, table="protection")],
        unprotected=[paths.fill(paths.ERRORS, table="unprotected")],
        ranks=[paths.fill(paths.ERRORS, table="ranks")],
        verification=[paths.fill(paths.ERRORS, table="verification")],
    output:
        protection=paths.fill(paths.TABLE, table="protection"),
        unprotected=paths.fill(paths.TABLE, table="unprotected"),
        ranks=paths.fill(paths.TABLE, table="ranks"),
        verification=paths.fill(paths.TABLE, table="verification"),
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
        extractors=text(recognition.described_extractors),
        attacks=text(recognition.described_attacks),
    message:
        "Average over the users of {wildcards.dataset}"
    script:
        "../scripts/protection_table.py"


use rule protection_table as shown_table with:
    input:
        protection=[paths.SHOWN_ERRORS],
    output:
        protection=paths.SHOWN_TABLE,
    log:
        "logs/shown_table/{dataset}/{figure}.log",
    benchmark:
        "benchmarks/shown_table/{dataset}/{figure}.tsv"


use rule protection_table as classifier_table with:
    input:
        classifiers=planned(experiments.classifier_errors),
    output:
        classifiers=paths.fill(paths.TABLE, table="classifiers"),
    log:
        "logs/classifier_table/{dataset}.log",
    benchmark:
        "benchmarks/classifier_table/{dataset}.tsv"


use rule protection_table as system_table with:
    input:
        systems=[paths.fill(paths.ERRORS, table="systems")],
    output:
        systems=paths.fill(paths.TABLE, table="systems"),
    log:
        "logs/system_table/{dataset}.log",
    benchmark:
        "benchmarks/system_table/{dataset}.tsv"


use rule protection_table as filtered_table with:
    input:
        filtered=[paths.fill(paths.ERRORS, table="filtered")],
    output:
        filtered=paths.fill(paths.TABLE, table="filtered"),
    log:
        "logs/filtered_table/{dataset}.log",
    benchmark:
        "benchmarks/filtered_table/{dataset}.tsv"


rule quality_table:
    input:
        split=paths.SPLIT,
        perturbed=planned(attacks.perturbed_parts),
        lpips=planned(attacks.lpips),
    output:
        quality=paths.fill(paths.TABLE, table="quality"),
        visibility=paths.fill(paths.TABLE, table="visibility"),
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
        made_by=text(evaluated.parts_of),
        attacks=text(recognition.dataset_shares),
        seed=SEED,
    message:
        "Say how much each attack shows in the pictures of {wildcards.dataset}"
    script:
        "../scripts/quality_table.py"

"""Figures, each with the table it was drawn from, for people and for the report."""

from importlib.metadata import version


rule vega:
    output:
        paths.VEGA,
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
        paths.SHOWN_TABLE,
        vega=paths.VEGA,
    output:
        **paths.drawings(paths.FIGURE),
        html=report(
            paths.fill(paths.FIGURE, kind="html"),
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
        spec=text(figures.record),
        run=text(evaluated.attacks_of),
        dataset=planned(datasets.label),
        metric=planned(recognition.metric),
        paper=planned(figures.paper),
        n_users=planned(datasets.user_count),
        data_note=planned(datasets.note),
        seed=SEED,
    message:
        "Draw {wildcards.figure} of {wildcards.dataset}"
    script:
        "../scripts/protection_by_extractor.py"


rule protection_by_visibility:
    input:
        protection=paths.fill(paths.TABLE, table="protection"),
        visibility=paths.fill(paths.TABLE, table="visibility"),
        vega=paths.VEGA,
    output:
        **figure_files(
            "visibility", "What does it cost?", "protection against visibility"
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
        attacks=text(evaluated.attacks_of),
        extractors=text(evaluated.extractors_of),
        dataset=planned(datasets.label),
        data_note=planned(datasets.note),
        seed=SEED,
    message:
        "Draw protection against visibility of {wildcards.dataset}"
    script:
        "../scripts/protection_by_visibility.py"


rule protection_by_channel:
    input:
        paths.fill(paths.TABLE, table="protection"),
        vega=paths.VEGA,
    output:
        **figure_files("channels", "What is left of a cloak?", "protection by channel"),
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
        attacks=text(evaluated.attacks_of),
        extractors=text(evaluated.extractors_of),
        channels=text(figures.channel_labels),
        dataset=planned(datasets.label),
        data_note=planned(datasets.note),
        seed=SEED,
    message:
        "Draw protection by channel of {wildcards.dataset}"
    script:
        "../scripts/protection_by_channel.py"


rule contact_sheet:
    input:
        faces=paths.FACES,
        perturbed=planned(attacks.perturbed_parts),
        vega=paths.VEGA,
    output:
        **figure_files("contact_sheet", "Pictures", "clean and perturbed faces"),
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
        labels=planned(figures.part_labels),
        dataset=planned(datasets.label),
        data_note=planned(datasets.note),
        seed=SEED,
    message:
        "Draw clean and perturbed faces of {wildcards.dataset}"
    script:
        "../scripts/contact_sheet.py"


rule picture_sample:
    input:
        root=ancient(planned(brought.dataset_folder)),
        manifest=paths.MANIFEST,
        faces=paths.FACES,
        vega=paths.VEGA,
    output:
        **figure_files("pictures", "Pictures", "sample of the dataset"),
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
        dataset=planned(datasets.label),
        data_note=planned(datasets.note),
        seed=SEED,
    message:
        "Draw a sample of {wildcards.dataset}"
    script:
        "../scripts/picture_sample.py"

"""Embeddings of clean and perturbed faces, by extractor."""


rule embed:
    input:
        faces=planned(recognition.posted_faces),
        extractor=paths.EXTRACTOR,
        people=planned(attacks.embedded_people),
        probes=planned(recognition.embedded_probes),
        purifier=planned(defenses.purifiers),
    output:
        paths.EMBEDDINGS,
    log:
        "logs/embed/{dataset}/{extractor}/{posting}.log",
    benchmark:
        "benchmarks/embed/{dataset}/{extractor}/{posting}.tsv"
    wildcard_constraints:
        extractor=one_of(extractors.in_files(config)),
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=by_size(60, 20, "faces"),
        gpu=1,
    params:
        code=code("embed", recognition.embedding_modules),
        treatment=text(defenses.treatment),
    message:
        "Embed the {wildcards.posting} faces of {wildcards.dataset} with {wildcards.extractor}"
    script:
        "../scripts/embed.py"


rule embed_by_black_box:
    input:
        faces=planned(recognition.posted_faces),
        people=planned(attacks.embedded_people),
        probes=planned(recognition.embedded_probes),
        purifier=planned(defenses.purifiers),
    output:
        paths.EMBEDDINGS,
    log:
        "logs/embed_by_black_box/{dataset}/{extractor}/{posting}.log",
    benchmark:
        "benchmarks/embed_by_black_box/{dataset}/{extractor}/{posting}.tsv"
    wildcard_constraints:
        extractor=one_of(extractors.with_recipe(config, "black_box")),
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=by_size(480, 120, "faces"),  # a service answers slowly
    params:
        code=code("embed_by_black_box", recognition.embedding_modules),
        brought=planned(brought.extractor_weights),
        record=text(extractors.record),
        treatment=text(defenses.treatment),
    message:
        "Embed the {wildcards.posting} faces of {wildcards.dataset} with the black box {wildcards.extractor}"
    script:
        "../scripts/embed_by_black_box.py"

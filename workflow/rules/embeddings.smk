"""Embeddings of clean and perturbed faces, by extractor."""


rule embed:
    input:
        faces=planned(recognition.source_faces),
        extractor=paths.EXTRACTOR,
        people=planned(attacks.embedded_people),
    output:
        paths.EMBEDDINGS,
    log:
        "logs/embed/{dataset}/{extractor}/{source}.log",
    benchmark:
        "benchmarks/embed/{dataset}/{extractor}/{source}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=60,
        gpu=1,
    params:
        code=code("embed", extractors.modules),
    message:
        "Embed the {wildcards.source} faces of {wildcards.dataset} with {wildcards.extractor}"
    script:
        "../scripts/embed.py"

"""Embeddings of clean and perturbed faces, by extractor."""


rule embed:
    input:
        faces=planned(recognition.posted_faces),
        extractor=paths.EXTRACTOR,
        people=planned(attacks.embedded_people),
    output:
        paths.EMBEDDINGS,
    log:
        "logs/embed/{dataset}/{extractor}/{posting}.log",
    benchmark:
        "benchmarks/embed/{dataset}/{extractor}/{posting}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=60,
        gpu=1,
    params:
        code=code("embed", recognition.embedding_modules),
        treatment=text(defenses.treatment),
    message:
        "Embed the {wildcards.posting} faces of {wildcards.dataset} with {wildcards.extractor}"
    script:
        "../scripts/embed.py"

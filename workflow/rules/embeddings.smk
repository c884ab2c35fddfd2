"""Embeddings of clean and perturbed faces, by extractor."""


rule embed:
    input:
        faces=source_faces,
        extractor="results/extractors/{extractor}.safetensors",
    output:
        "results/{dataset}/embeddings/{extractor}/{source}.h5",
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
        code=lambda wildcards: code("embed", *network_modules(wildcards.extractor)),
    message:
        "Embed the {wildcards.source} faces of {wildcards.dataset} with {wildcards.extractor}"
    script:
        "../scripts/embed.py"

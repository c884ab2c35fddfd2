"""Recognition by classifiers that are trained on the gallery: linear, and end to end."""


rule linear:
    input:
        clean=lambda wildcards: embeddings(
            wildcards.dataset, [wildcards.extractor], ["clean"]
        ),
        sources=lambda wildcards: embeddings(
            wildcards.dataset,
            [wildcards.extractor],
            attacks_in("classifiers", wildcards.dataset),
        ),
        split="results/{dataset}/split.csv",
    output:
        "results/{dataset}/recognition/{extractor}/linear.csv",
    log:
        "logs/linear/{dataset}/{extractor}.log",
    benchmark:
        "benchmarks/linear/{dataset}/{extractor}.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=480,
    params:
        code=code("linear"),
        sources=lambda wildcards: spec(
            [[name, "png"] for name in attacks_in("classifiers", wildcards.dataset)]
        ),
        seed=SEED,
    message:
        "Recognize the users of {wildcards.dataset} by linear classifiers on {wildcards.extractor}"
    script:
        "../scripts/linear.py"


rule end_to_end:
    input:
        unpack(tuned_end_to_end),
        faces="results/{dataset}/faces.h5",
        split="results/{dataset}/split.csv",
    output:
        "results/{dataset}/recognition/{extractor}/end_to_end/{defense}/{attack}.csv",
    log:
        "logs/end_to_end/{dataset}/{extractor}/{defense}/{attack}.log",
    benchmark:
        "benchmarks/end_to_end/{dataset}/{extractor}/{defense}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(["none", *ATTACKS]),
        defense="none|robust_training",
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=720,
        gpu=1,
    params:
        code=lambda wildcards: code("end_to_end", *network_modules(wildcards.extractor)),
        spec=end_to_end_options(),
        robust=lambda wildcards: wildcards.defense == "robust_training",
        seed=SEED,
    message:
        "Tune classifiers of {wildcards.dataset} end to end under {wildcards.attack}, defense {wildcards.defense}"
    script:
        "../scripts/end_to_end.py"

"""Recognition by classifiers that are trained on the gallery: linear, and end to end."""


rule linear:
    input:
        clean=planned(recognition.clean_embeddings),
        posted=planned(classifiers.linear_posted),
        split=paths.SPLIT,
    output:
        paths.LINEAR,
    log:
        "logs/linear/{dataset}/{extractor}.log",
    benchmark:
        "benchmarks/linear/{dataset}/{extractor}.tsv"
    conda:
        "../../envs/tables.yaml"
    threads: 1
    resources:
        mem_mb=by_size(4000, 12000, "clean"),
        runtime=480,
    params:
        code=code("linear"),
        postings=text(classifiers.linear_postings),
        seed=SEED,
    message:
        "Recognize the users of {wildcards.dataset} by linear classifiers on {wildcards.extractor}"
    script:
        "../scripts/linear.py"


rule end_to_end:
    input:
        unpack(planned(classifiers.end_to_end_files)),
        faces=paths.FACES,
        split=paths.SPLIT,
    output:
        paths.END_TO_END,
    log:
        "logs/end_to_end/{dataset}/{extractor}/{defense}/{attack}.log",
    benchmark:
        "benchmarks/end_to_end/{dataset}/{extractor}/{defense}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(["none", *config["attacks"]]),
        defense=one_of(["none", *defenses.with_hook(config, "extractor")]),
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=720,
        gpu=1,
    params:
        code=code("end_to_end", extractors.modules),
        record=text(classifiers.end_to_end_record),
        robust=planned(classifiers.robustly),
        seed=SEED,
    message:
        "Tune classifiers of {wildcards.dataset} end to end under {wildcards.attack}, defense {wildcards.defense}"
    script:
        "../scripts/end_to_end.py"

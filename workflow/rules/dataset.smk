"""Raw pictures to aligned faces and their split."""


rule draw_photographs:
    output:
        photographs=directory("results/{dataset}/photographs"),
        landmarks="results/{dataset}/landmarks.csv",
    log:
        "logs/draw_photographs/{dataset}.log",
    benchmark:
        "benchmarks/draw_photographs/{dataset}.tsv"
    wildcard_constraints:
        dataset=datasets_from("drawn"),
    # All wait for pictures, and a job of all cores would wait for long until all are free.
    priority: 1000
    conda:
        "../../envs/tables.yaml"
    threads: 8
    resources:
        mem_mb=lambda wildcards, threads: 300 * threads,
        runtime=30,
    params:
        code=code("draw_photographs"),
        spec=lambda wildcards: record(
            DATASETS,
            wildcards.dataset,
            without=("label", "note", "face_size", "alignment", "split"),
        ),
        seed=SEED,
    message:
        "Draw the photographs of {wildcards.dataset}"
    script:
        "../scripts/draw_photographs.py"


rule draw_faces:
    output:
        faces="results/{dataset}/faces.h5",
        split="results/{dataset}/split.csv",
    log:
        "logs/draw_faces/{dataset}.log",
    benchmark:
        "benchmarks/draw_faces/{dataset}.tsv"
    wildcard_constraints:
        dataset=datasets_from("drawn_faces"),
    priority: 1000
    conda:
        "../../envs/tables.yaml"
    threads: 8
    resources:
        mem_mb=lambda wildcards, threads: 500 + 300 * threads,
        runtime=30,
    params:
        code=code("draw_faces"),
        spec=lambda wildcards: record(
            DATASETS, wildcards.dataset, without=("label", "note")
        ),
        seed=SEED,
    message:
        "Draw the background faces of {wildcards.dataset}"
    script:
        "../scripts/draw_faces.py"


rule manifest:
    input:
        # A folder has no content that Snakemake could compare: for a user's pictures the listing below stands for it.
        root=lambda wildcards: ancient(folder_root(wildcards)),
        landmarks=known_landmarks,
    output:
        manifest="results/{dataset}/manifest.csv",
        rejected="results/{dataset}/rejected_pictures.csv",
    log:
        "logs/manifest/{dataset}.log",
    benchmark:
        "benchmarks/manifest/{dataset}.tsv"
    wildcard_constraints:
        dataset=datasets_from("drawn", "folder"),
    priority: 1000
    conda:
        "../../envs/tables.yaml"
    threads: 8
    resources:
        mem_mb=lambda wildcards, threads: 600 * threads,  # photographs of 48 megapixels
        runtime=60,
    params:
        code=code("manifest"),
        listing=folder_listing,
        spec=lambda wildcards: spec(
            {
                key: DATASETS[wildcards.dataset].get(key)
                for key in ("layout", "minimum_size", "duplicate_distance")
            }
        ),
    message:
        "List the pictures of {wildcards.dataset}"
    script:
        "../scripts/manifest.py"


rule align:
    input:
        root=lambda wildcards: ancient(folder_root(wildcards)),
        manifest="results/{dataset}/manifest.csv",
        rejected="results/{dataset}/rejected_pictures.csv",
        landmarks=known_landmarks,
    output:
        faces="results/{dataset}/faces.h5",
        rejected="results/{dataset}/rejected.csv",
    log:
        "logs/align/{dataset}.log",
    benchmark:
        "benchmarks/align/{dataset}.tsv"
    wildcard_constraints:
        dataset=datasets_from("drawn", "folder"),
    priority: 1000
    conda:
        "../../envs/torch.yaml"
    threads: 8
    resources:
        mem_mb=lambda wildcards, threads: 900 + 1400 * threads,  # of 48 megapixels
        runtime=240,
        gpu=1,
    params:
        code=code("align"),
        spec=lambda wildcards: spec(
            {
                key: DATASETS[wildcards.dataset][key]
                for key in ("face_size", "alignment")
            }
        ),
    message:
        "Find and align the faces of {wildcards.dataset}"
    script:
        "../scripts/align.py"


rule split:
    input:
        faces="results/{dataset}/faces.h5",
    output:
        split="results/{dataset}/split.csv",
    log:
        "logs/split/{dataset}.log",
    benchmark:
        "benchmarks/split/{dataset}.tsv"
    wildcard_constraints:
        dataset=datasets_from("drawn", "folder"),
    priority: 1000
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("split"),
        spec=lambda wildcards: spec(DATASETS[wildcards.dataset]["split"]),
        seed=SEED,
    message:
        "Split {wildcards.dataset} into gallery and probes, and give its identities roles"
    script:
        "../scripts/split.py"

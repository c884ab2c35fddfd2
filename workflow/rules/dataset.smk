"""Raw pictures to aligned faces and their split."""


rule draw_photographs:
    output:
        photographs=directory(paths.PHOTOGRAPHS),
        landmarks=paths.LANDMARKS,
    log:
        "logs/draw_photographs/{dataset}.log",
    benchmark:
        "benchmarks/draw_photographs/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(datasets.made_from(config, "drawn")),
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
        record=text(datasets.photographs_record),
        seed=SEED,
    message:
        "Draw the photographs of {wildcards.dataset}"
    script:
        "../scripts/draw_photographs.py"


rule draw_faces:
    output:
        faces=paths.FACES,
        split=paths.SPLIT,
    log:
        "logs/draw_faces/{dataset}.log",
    benchmark:
        "benchmarks/draw_faces/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(datasets.made_from(config, "drawn_faces")),
    priority: 1000
    conda:
        "../../envs/tables.yaml"
    threads: 8
    resources:
        mem_mb=lambda wildcards, threads: 500 + 300 * threads,
        runtime=30,
    params:
        code=code("draw_faces"),
        record=text(datasets.faces_record),
        seed=SEED,
    message:
        "Draw the background faces of {wildcards.dataset}"
    script:
        "../scripts/draw_faces.py"


rule fetch_photographs:
    output:
        photographs=directory(paths.PHOTOGRAPHS),
    log:
        "logs/fetch_photographs/{dataset}.log",
    benchmark:
        "benchmarks/fetch_photographs/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(datasets.fetchable(config)),
    priority: 1000
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=120,
    params:
        code=code("fetch_photographs", datasets.fetcher_modules),
        fetch=planned(datasets.fetched),
        brought=planned(brought.photographs),
    message:
        "Fetch the photographs of {wildcards.dataset}"
    script:
        "../scripts/fetch_photographs.py"


rule join_photographs:
    output:
        photographs=directory(paths.PHOTOGRAPHS),
    log:
        "logs/join_photographs/{dataset}.log",
    benchmark:
        "benchmarks/join_photographs/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(datasets.made_from(config, "joined")),
    priority: 1000
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=120,
    params:
        code=code("join_photographs", datasets.fetcher_modules),
        folders=text(brought.joined_folders),
        brought=planned(brought.photographs),
    message:
        "Join the folders of {wildcards.dataset}"
    script:
        "../scripts/join_photographs.py"


rule manifest:
    input:
        # A folder has no content that Snakemake could compare: for a user's pictures the listing below stands for it,
        # which the process that plans the run reads alone: a cluster's jobs plan anew all that they descend from.
        root=ancient(planned(brought.dataset_folder)),
        landmarks=planned(datasets.known_landmarks),
    output:
        manifest=paths.MANIFEST,
        rejected=paths.REJECTED_PICTURES,
    log:
        "logs/manifest/{dataset}.log",
    benchmark:
        "benchmarks/manifest/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(datasets.of_photographs(config)),
    priority: 1000
    conda:
        "../../envs/tables.yaml"
    threads: 8
    resources:
        mem_mb=lambda wildcards, threads: 600 * threads,  # photographs of 48 megapixels
        runtime=60,
    params:
        code=code("manifest", datasets.layout_modules),
        listing=planned(brought.dataset_listing) if workflow.is_main_process else "",
        brought=planned(brought.photographs),
        record=text(datasets.manifest_record),
    message:
        "List the pictures of {wildcards.dataset}"
    script:
        "../scripts/manifest.py"


rule align:
    input:
        root=ancient(planned(brought.dataset_folder)),
        manifest=paths.MANIFEST,
        rejected=paths.REJECTED_PICTURES,
        landmarks=planned(datasets.known_landmarks),
    output:
        faces=paths.FACES,
        rejected=paths.REJECTED,
    log:
        "logs/align/{dataset}.log",
    benchmark:
        "benchmarks/align/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(datasets.of_photographs(config)),
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
        brought=planned(brought.photographs),
        record=text(datasets.alignment),
        duplicates=text(datasets.duplicates),
    message:
        "Find and align the faces of {wildcards.dataset}"
    script:
        "../scripts/align.py"


rule split:
    input:
        faces=paths.FACES,
        manifest=planned(datasets.people_of_folders),
    output:
        split=paths.SPLIT,
    log:
        "logs/split/{dataset}.log",
    benchmark:
        "benchmarks/split/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(datasets.of_photographs(config)),
    priority: 1000
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("split"),
        record=text(datasets.split_record),
        seed=planned(datasets.seed),
    message:
        "Split {wildcards.dataset} into gallery and probes, and give its identities roles"
    script:
        "../scripts/split.py"


# The same faces, of which others are users and probes.
rule split_anew:
    input:
        unpack(planned(datasets.first_files)),
    output:
        faces=paths.FACES,
        manifest=paths.MANIFEST,
        split=paths.SPLIT,
    log:
        "logs/split_anew/{dataset}.log",
    benchmark:
        "benchmarks/split_anew/{dataset}.tsv"
    wildcard_constraints:
        dataset=one_of(datasets.split_anew(config)),
    priority: 1000
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("split_anew"),
        record=text(datasets.split_record),
        seed=planned(datasets.seed),
    message:
        "Split {wildcards.dataset} into gallery and probes, with other users"
    script:
        "../scripts/split_anew.py"


# A checkpoint, because Snakemake looks anew, once it has run, at the jobs that take this table, and drops those for
# which it has the bytes that it had. They take the faces themselves as ancient: the table stands for them.
checkpoint list_role:
    input:
        faces=paths.FACES,
        split=paths.SPLIT,
        manifest=planned(datasets.known_manifest),
    output:
        paths.ROLE,
    log:
        "logs/list_role/{dataset}/{role}.log",
    benchmark:
        "benchmarks/list_role/{dataset}/{role}.tsv"
    wildcard_constraints:
        role="user|public|detector|background",
    priority: 1000
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        code=code("list_role"),
    message:
        "List the faces of the {wildcards.role} identities of {wildcards.dataset}"
    script:
        "../scripts/list_role.py"

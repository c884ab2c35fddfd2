"""Perturbed pictures from and for other people's tools."""


rule import_faces:
    input:
        root=lambda wildcards: ancient(external_root(wildcards)),
        faces="results/{dataset}/faces.h5",
        split="results/{dataset}/split.csv",
    output:
        faces="results/{dataset}/perturbed/{attack}.h5",
        files="results/{dataset}/perturbed/files/{attack}.csv",
    log:
        "logs/import_faces/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/import_faces/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(name for name in EXTERNAL if name not in PHOTOGRAPHS),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("import_faces"),
        spec=lambda wildcards: record(ATTACKS, wildcards.attack),
        listing=lambda wildcards: listing_digest(external_root(wildcards)),
    message:
        "Import the faces of {wildcards.dataset} perturbed by {wildcards.attack}"
    script:
        "../scripts/import_faces.py"


rule import_photographs:
    input:
        root=lambda wildcards: ancient(external_root(wildcards)),
        originals=lambda wildcards: ancient(folder_root(wildcards)),
        manifest="results/{dataset}/manifest.csv",
        split="results/{dataset}/split.csv",
    output:
        table="results/{dataset}/perturbed/photographs/{attack}.csv",
        files="results/{dataset}/perturbed/files/{attack}.csv",
    log:
        "logs/import_photographs/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/import_photographs/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(name for name in EXTERNAL if name in PHOTOGRAPHS),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("import_photographs"),
        spec=lambda wildcards: record(ATTACKS, wildcards.attack),
        listing=lambda wildcards: listing_digest(external_root(wildcards)),
    message:
        "Import the photographs of {wildcards.dataset} perturbed by {wildcards.attack}"
    script:
        "../scripts/import_photographs.py"


rule export_faces:
    input:
        faces=posted_faces,
        clean="results/{dataset}/faces.h5",
        split="results/{dataset}/split.csv",
    output:
        directory("results/{dataset}/exported/{attack}"),
    log:
        "logs/export_faces/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/export_faces/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(["clean", *ATTACKS]),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("export_faces"),
        spec=lambda wildcards: spec(ATTACKS.get(wildcards.attack, {})),
    message:
        "Export the {wildcards.attack} faces of {wildcards.dataset} as a folder of PNG files"
    script:
        "../scripts/export_faces.py"

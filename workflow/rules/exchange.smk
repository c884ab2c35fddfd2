"""Perturbed pictures from and for other people's tools."""


rule import_faces:
    input:
        root=ancient(planned(brought.external_folder)),
        faces=paths.FACES,
        split=paths.SPLIT,
    output:
        faces=paths.PERTURBED,
        files=paths.IMPORTED_FILES,
    log:
        "logs/import_faces/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/import_faces/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(attacks.imported(config, photographs=False)),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=by_size(2000, 300, "faces"),
        runtime=30,
    params:
        code=code("import_faces"),
        record=text(attacks.import_record),
        listing=planned(brought.external_listing) if workflow.is_main_process else "",
        brought=planned(brought.external),
    message:
        "Import the faces of {wildcards.dataset} perturbed by {wildcards.attack}"
    script:
        "../scripts/import_faces.py"


rule import_photographs:
    input:
        root=ancient(planned(brought.external_folder)),
        originals=ancient(planned(brought.dataset_folder)),
        manifest=paths.MANIFEST,
        split=paths.SPLIT,
    output:
        table=paths.PERTURBED_PHOTOGRAPHS_TABLE,
        files=paths.IMPORTED_FILES,
    log:
        "logs/import_photographs/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/import_photographs/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(attacks.imported(config, photographs=True)),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("import_photographs"),
        record=text(attacks.import_record),
        listing=planned(brought.external_listing) if workflow.is_main_process else "",
        brought=planned(brought.external),
    message:
        "Import the photographs of {wildcards.dataset} perturbed by {wildcards.attack}"
    script:
        "../scripts/import_photographs.py"


rule export_faces:
    input:
        faces=planned(attacks.posted_faces),
        clean=paths.FACES,
        split=paths.SPLIT,
    output:
        directory(paths.EXPORTED),
    log:
        "logs/export_faces/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/export_faces/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(["clean", *config["attacks"]]),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=by_size(2000, 300, "faces"),
        runtime=30,
    params:
        code=code("export_faces"),
        record=text(attacks.export_record),
    message:
        "Export the {wildcards.attack} faces of {wildcards.dataset} as a folder of PNG files"
    script:
        "../scripts/export_faces.py"

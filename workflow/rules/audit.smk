"""The audit of one person's photographs. All that holds anything of them, logs included, lies in one folder."""


rule audit_faces:
    output:
        faces=paths.AUDIT_FACES,
        pictures=paths.AUDIT_PICTURES,
    log:
        f"{paths.AUDIT}/logs/faces.log",
    wildcard_constraints:
        audit=one_of(audit.names(config)),
    conda:
        "../../envs/torch.yaml"
    threads: 8
    resources:
        mem_mb=lambda wildcards, threads: 2000 + 1400 * threads,
        runtime=240,
        gpu=1,
    params:
        code=code("audit_faces", audit.faces_modules),
        listing=planned(audit.photographs) if workflow.is_main_process else "",
        told=text(audit.faces_told),
        seed=SEED,
    message:
        "Find the person's face in the photographs of {wildcards.audit}"
    script:
        "../scripts/audit_faces.py"


rule audit_crowd:
    output:
        paths.CROWD_FACES,
    log:
        "logs/audit_crowd/{crowd}.log",
    wildcard_constraints:
        crowd=one_of(audit.crowds(config)),
    conda:
        "../../envs/torch.yaml"
    threads: 8
    resources:
        mem_mb=lambda wildcards, threads: 900 + 1400 * threads,
        runtime=240,
    params:
        code=code("audit_crowd"),
        listing=planned(audit.crowd_photographs) if workflow.is_main_process else "",
        told=text(audit.crowd_told),
        seed=SEED,
    message:
        "Find the faces of the people of {wildcards.crowd}"
    script:
        "../scripts/audit_crowd.py"


rule audit_embeddings:
    input:
        faces=paths.AUDIT_FACES,
        pictures=paths.AUDIT_PICTURES,
    output:
        paths.AUDIT_EMBEDDINGS,
    log:
        f"{paths.AUDIT}/logs/embeddings_{{extractor}}.log",
    wildcard_constraints:
        audit=one_of(audit.names(config)),
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
        gpu=1,
    params:
        code=code("audit_embeddings", audit.embedding_modules),
        brought=planned(audit.brought),
        record=text(extractors.record),
        treatments=text(audit.treatments),
    message:
        "Embed the faces of {wildcards.audit} with {wildcards.extractor}"
    script:
        "../scripts/audit_embeddings.py"


use rule audit_embeddings as audit_crowd_embeddings with:
    input:
        faces=paths.CROWD_FACES,
    output:
        paths.CROWD_EMBEDDINGS,
    log:
        "logs/audit_crowd_embeddings/{crowd}/{extractor}.log",
    wildcard_constraints:
        crowd=one_of(audit.crowds(config)),
    message:
        "Embed the people of {wildcards.crowd} with {wildcards.extractor}"


rule audit_measure:
    input:
        pictures=paths.AUDIT_PICTURES,
        faces=paths.AUDIT_FACES,
        embeddings=planned(audit.embeddings),
        crowd=planned(audit.crowd_faces),
        crowd_embeddings=planned(audit.crowd_embeddings),
    output:
        **paths.AUDIT_TABLES,
        about=paths.AUDIT_ABOUT,
    log:
        f"{paths.AUDIT}/logs/measure.log",
    wildcard_constraints:
        audit=one_of(audit.names(config)),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("audit_measure"),
        told=text(audit.measure_told),
        seed=SEED,
    message:
        "Measure whether the person of {wildcards.audit} is found"
    script:
        "../scripts/audit_measure.py"


# For the records of extractors (docs/add/extractor.md): at which distance few faces of different people pass for one's.
rule measure_thresholds:
    input:
        planned(audit.crowd_embeddings),
    output:
        paths.THRESHOLDS,
    log:
        "logs/measure_thresholds/{crowd}.log",
    wildcard_constraints:
        crowd=one_of(audit.crowds(config)),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code("measure_thresholds"),
        told=text(audit.thresholds_told),
    message:
        "Measure thresholds of the extractors on the people of {wildcards.crowd}"
    script:
        "../scripts/measure_thresholds.py"


rule audit_thresholds:
    input:
        planned(audit.thresholds),


rule audit:
    input:
        planned(audit.tables),


rule audit_clean:
    log:
        "logs/audit_clean.log",
    params:
        name=planned(audit.clean_name),
    conda:
        "../../envs/tables.yaml"
    message:
        "Remove all that an audit has made of the person's photographs"
    script:
        "../scripts/audit_clean.py"

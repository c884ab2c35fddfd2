"""Distances between probes and gallery faces, measured once by extractor."""


rule compare:
    input:
        unpack(planned(recognition.compared)),
        split=paths.SPLIT,
    output:
        paths.COMPARISONS,
    log:
        "logs/compare/{dataset}/{extractor}{treated}.log",
    benchmark:
        "benchmarks/compare/{dataset}/{extractor}{treated}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=by_size(2000, 1000),
        runtime=by_size(60, 60),
    params:
        code=code("compare"),
        metric=planned(recognition.metric),
    message:
        "Compare the users' probes with the gallery of {wildcards.dataset} by {wildcards.extractor}{wildcards.treated}"
    script:
        "../scripts/compare.py"

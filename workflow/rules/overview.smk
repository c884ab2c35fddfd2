"""The first page of the report, and how the run was made."""


report: "../report/workflow.rst"


rule overview:
    input:
        unpack(planned(overview.files)),
    output:
        html=paths.OVERVIEW,
        # What the report has of the run as a whole: by this it knows that the page above is there (report/workflow.rst).
        provenance=report(
            paths.PROVENANCE,
            caption="../report/figure.rst",
            category="How was this made?",
            labels={"figure": "Versions, hashes, times (CSV)"},
        ),
    log:
        "logs/overview.log",
    benchmark:
        "benchmarks/overview.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code("overview"),
        told=ordered_text(overview.told),
        caption=planned(overview.caption),
    message:
        "Write the overview of the run"
    script:
        "../scripts/overview.py"

"""Experiments: each measures, averages and draws by the modules of its folder (uncloak/experiments)."""

from importlib.metadata import version


rule measure:
    input:
        unpack(planned(experiments.files)),
    output:
        paths.ERRORS,
    log:
        "logs/measure/{dataset}/{experiment}.log",
    benchmark:
        "benchmarks/measure/{dataset}/{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(experiments.by_part(config, "measure")),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=by_size(2000, 300),
        runtime=by_size(30, 30),
    params:
        code=code("measure", experiments.measuring),
        told=ordered_text(experiments.told),
    message:
        "Measure {wildcards.experiment} on {wildcards.dataset}"
    script:
        "../scripts/measure.py"


rule average:
    input:
        unpack(planned(experiments.averaged)),
    output:
        paths.TABLE,
    log:
        "logs/average/{dataset}/{experiment}.log",
    benchmark:
        "benchmarks/average/{dataset}/{experiment}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("average", experiments.averaging),
        told=text(experiments.labels),
    message:
        "Average {wildcards.experiment} over the users of {wildcards.dataset}"
    script:
        "../scripts/average.py"


rule draw:
    input:
        unpack(planned(experiments.drawn_from)),
        vega=paths.VEGA,
    output:
        **paths.drawings(paths.FIGURE),
        html=report(
            paths.fill(paths.FIGURE, kind="html"),
            caption="../report/figure.rst",
            category=planned(experiments.category),
            subcategory=planned(experiments.subcategory),
            labels=planned(experiments.title),
        ),
    log:
        "logs/draw/{dataset}/{experiment}.log",
    benchmark:
        "benchmarks/draw/{dataset}/{experiment}.tsv"
    wildcard_constraints:
        experiment=one_of(experiments.by_part(config, "figure")),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("draw", experiments.drawing),
        told=ordered_text(experiments.words),
        caption=planned(experiments.caption),
    message:
        "Draw {wildcards.experiment} of {wildcards.dataset}"
    script:
        "../scripts/draw.py"


rule vega:
    output:
        paths.VEGA,
    log:
        "logs/vega.log",
    benchmark:
        "benchmarks/vega.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("vega"),
        version=version("vl-convert-python"),
    message:
        "Make the script that figures are shown by"
    script:
        "../scripts/vega.py"


rule claims:
    input:
        published=planned(claims.published),
        rates=planned(claims.measured_rates),
        detection=planned(claims.measured_detection),
        giveaway=planned(claims.measured_giveaway),
        times=planned(claims.measured_times),
        public=planned(claims.measured_public),
        transfer=planned(claims.measured_transfer),
        vega=paths.VEGA,
    output:
        **paths.drawings(paths.CLAIMS),
        html=report(
            paths.fill(paths.CLAIMS, kind="html"),
            caption="../report/figure.rst",
            category=claims.CATEGORY,
            labels={"figure": claims.TITLE},
        ),
    log:
        "logs/claims.log",
    benchmark:
        "benchmarks/claims.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("claims"),
        told=ordered_text(claims.words),
        caption=planned(claims.caption),
    message:
        "Draw what was claimed beside what is measured"
    script:
        "../scripts/claims.py"

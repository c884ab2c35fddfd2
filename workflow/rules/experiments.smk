"""Figures of the experiments, each with the table it was drawn from."""


rule draw_adaptive:
    input:
        paths.fill(paths.TABLE, table="protection"),
        vega=paths.VEGA,
    output:
        **figure_files("adaptive", "Defenses", "robust training"),
    log:
        "logs/draw_adaptive/{dataset}.log",
    benchmark:
        "benchmarks/draw_adaptive/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **about("Does robust training undo the cloaks?", "Figure 2"),
        code=code("draw_adaptive"),
        attacks=text(evaluated.attacks_in, experiment="adaptive"),
        extractors=text(
            experiments.extractors_in, experiment="adaptive", roles=("base", "robust")
        ),
    message:
        "Draw what robust training does on {wildcards.dataset}"
    script:
        "../scripts/draw_adaptive.py"


rule draw_training_matrix:
    input:
        paths.fill(paths.TABLE, table="protection"),
        vega=paths.VEGA,
    output:
        **figure_files(
            "training_matrix", "Defenses", "trained on one, tested on another"
        ),
    log:
        "logs/draw_training_matrix/{dataset}.log",
    benchmark:
        "benchmarks/draw_training_matrix/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **about("Does training on one attack undo another?"),
        code=code("draw_training_matrix"),
        attacks=text(figures.attacks_tuned_on),
        trained_on=text(figures.trained_on),
    message:
        "Draw what training on one attack does for others on {wildcards.dataset}"
    script:
        "../scripts/draw_training_matrix.py"


rule draw_detection:
    input:
        scores=planned(detection.scores),
        vega=paths.VEGA,
    output:
        **figure_files("detection", "Defenses", "detection of perturbed faces"),
        table=paths.fill(paths.TABLE, table="detection"),
    log:
        "logs/draw_detection/{dataset}.log",
    benchmark:
        "benchmarks/draw_detection/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **about(
            "Can a trainer tell cloaked pictures from clean ones?", "Tables 2 and 3"
        ),
        code=code("draw_detection"),
        detectors=text(detection.described_detectors),
        attacks=text(detection.attack_labels),
        threshold=planned(setting, experiment="detection", key="threshold"),
    message:
        "Draw how well perturbed faces of {wildcards.dataset} are detected"
    script:
        "../scripts/draw_detection.py"


rule draw_unprotected:
    input:
        unprotected=paths.fill(paths.TABLE, table="unprotected"),
        filtered=planned(figures.filtered_table),
        vega=paths.VEGA,
    output:
        **figure_files("unprotected", "Defenses", "some pictures unprotected"),
    log:
        "logs/draw_unprotected/{dataset}.log",
    benchmark:
        "benchmarks/draw_unprotected/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **about("What do a few unprotected pictures cost?", "Figure 7"),
        code=code("draw_unprotected"),
        attacks=text(evaluated.attacks_in, experiment="unprotected"),
        extractors=text(setting, experiment="unprotected", key="extractors"),
        posted="all",
    message:
        "Draw what unprotected pictures cost on {wildcards.dataset}"
    script:
        "../scripts/draw_unprotected.py"


rule draw_ranks:
    input:
        ranks=paths.fill(paths.TABLE, table="ranks"),
        verification=paths.fill(paths.TABLE, table="verification"),
        vega=paths.VEGA,
    output:
        **figure_files("ranks", "How long does a cloak last?", "top k and verification"),
    log:
        "logs/draw_ranks/{dataset}.log",
    benchmark:
        "benchmarks/draw_ranks/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **about("Is a user safe among the k nearest?"),
        code=code("draw_ranks"),
        attacks=text(evaluated.attacks_in, experiment="ranks"),
        extractors=text(setting, experiment="ranks", key="extractors"),
    message:
        "Draw protection among the k nearest on {wildcards.dataset}"
    script:
        "../scripts/draw_ranks.py"


rule draw_classifiers:
    input:
        paths.fill(paths.TABLE, table="classifiers"),
        vega=paths.VEGA,
    output:
        **figure_files("classifiers", "Defenses", "classifiers"),
    log:
        "logs/draw_classifiers/{dataset}.log",
    benchmark:
        "benchmarks/draw_classifiers/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **about("Does the classifier matter?", "Figure 9"),
        start=planned(figures.robust_start),
        code=code("draw_classifiers"),
        attacks=text(evaluated.attacks_in, experiment="classifiers"),
        classifiers=spec(
            [
                "linear, 100 iterations",
                "linear, converged",
                "end to end",
                "nearest neighbor",
            ]
        ),
        extractors=text(
            experiments.extractors_in,
            experiment="classifiers",
            roles=("extractor", "robust"),
        ),
    message:
        "Draw protection by classifier on {wildcards.dataset}"
    script:
        "../scripts/draw_classifiers.py"


rule draw_systems:
    input:
        systems=paths.fill(paths.TABLE, table="systems"),
        ranks=paths.fill(paths.TABLE, table="ranks"),
        vega=paths.VEGA,
    output:
        **figure_files("systems", "Defenses", "two models together"),
    log:
        "logs/draw_systems/{dataset}.log",
    benchmark:
        "benchmarks/draw_systems/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **about(
            "An accurate and a robust model together",
            planned(figures.systems_paper),
        ),
        code=code("draw_systems"),
        attacks=text(evaluated.attacks_of),
        extractors=text(evaluated.models_of, experiment="systems"),
        systems=text(figures.system_names),
    message:
        "Draw what two models do together on {wildcards.dataset}"
    script:
        "../scripts/draw_systems.py"


rule draw_collusion:
    input:
        paths.fill(paths.ERRORS, table="collusion"),
        vega=paths.VEGA,
    output:
        **figure_files("collusion", "Defenses", "users who collude"),
    log:
        "logs/draw_collusion/{dataset}.log",
    benchmark:
        "benchmarks/draw_collusion/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **about("Can users who collude defeat two models?", "Appendix D"),
        code=code("draw_collusion"),
        attacks=text(figures.colluding_labels),
        systems=text(figures.colluding_systems),
    message:
        "Draw what collusion does on {wildcards.dataset}"
    script:
        "../scripts/draw_collusion.py"


rule play_games:
    input:
        paths.fill(paths.TABLE, table="protection"),
        vega=paths.VEGA,
    output:
        **figure_files("games", "How long does a cloak last?", "security games"),
        **{
            f"lifetime_{kind}": path
            for kind, path in figure_files(
                "lifetime", "How long does a cloak last?", "lifetime of a cloak"
            ).items()
        },
    log:
        "logs/play_games/{dataset}.log",
    benchmark:
        "benchmarks/play_games/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **about("Who wins the poisoning game?", "Figure 8"),
        code=code("games"),
        attacks=text(evaluated.attacks_of),
        extractors=text(evaluated.extractors_of),
        adaptive=text(figures.adaptive_extractors),
        users=text(evaluated.players),
        margin=planned(setting, experiment="games", key="margin"),
    message:
        "Play the security games on {wildcards.dataset}"
    script:
        "../scripts/games.py"


rule draw_claims:
    input:
        published=planned(claims.published),
        rates=planned(claims.measured_rates),
        detection=planned(claims.measured_detection),
        transfer=planned(claims.measured_transfer),
        vega=paths.VEGA,
    output:
        **paths.drawings(paths.CLAIMS),
        html=report(
            paths.fill(paths.CLAIMS, kind="html"),
            caption="../report/claims.rst",
            category="What was claimed?",
            labels={"figure": "claimed and measured"},
        ),
    log:
        "logs/draw_claims.log",
    benchmark:
        "benchmarks/draw_claims.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("claims"),
        counterparts=text(setting, experiment="claims", key="counterparts"),
        dataset=planned(claims.label),
        data_note=planned(claims.note),
        seed=SEED,
    message:
        "Draw what was claimed beside what is measured"
    script:
        "../scripts/claims.py"

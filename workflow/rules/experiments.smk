"""Figures of the experiments, each with the table it was drawn from."""


rule draw_adaptive:
    input:
        "results/{dataset}/tables/protection.csv",
        vega=VEGA,
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
        attacks=lambda wildcards: spec(attacks_in("adaptive", wildcards.dataset)),
        extractors=spec([EXPERIMENTS["adaptive"][key] for key in ("base", "robust")]),
    message:
        "Draw what robust training does on {wildcards.dataset}"
    script:
        "../scripts/draw_adaptive.py"


rule draw_training_matrix:
    input:
        "results/{dataset}/tables/protection.csv",
        vega=VEGA,
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
        attacks=lambda wildcards: spec(list(one_attack_each(wildcards.dataset))),
        trained_on=trained_on,
    message:
        "Draw what training on one attack does for others on {wildcards.dataset}"
    script:
        "../scripts/draw_training_matrix.py"


rule draw_detection:
    input:
        scores=detector_scores,
        vega=VEGA,
    output:
        **figure_files("detection", "Defenses", "detection of perturbed faces"),
        table="results/{dataset}/tables/detection.csv",
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
        detectors=lambda wildcards: spec(
            {
                name: {key: DETECTORS[name][key] for key in ("label", "attacks")}
                for name in EXPERIMENTS["detection"]["detectors"]
            }
        ),
        attacks=spec(
            {
                name: ATTACKS[name]["label"]
                for name in EXPERIMENTS["detection"]["attacks"]
            }
        ),
        threshold=EXPERIMENTS["detection"]["threshold"],
    message:
        "Draw how well perturbed faces of {wildcards.dataset} are detected"
    script:
        "../scripts/draw_detection.py"


rule draw_unprotected:
    input:
        unprotected="results/{dataset}/tables/unprotected.csv",
        filtered=lambda wildcards: (
            [f"results/{wildcards.dataset}/tables/filtered.csv"]
            if wildcards.dataset in datasets_of("detection")
            else []
        ),
        vega=VEGA,
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
        attacks=lambda wildcards: spec(attacks_in("unprotected", wildcards.dataset)),
        extractors=spec(EXPERIMENTS["unprotected"]["extractors"]),
        posted="all",
    message:
        "Draw what unprotected pictures cost on {wildcards.dataset}"
    script:
        "../scripts/draw_unprotected.py"


rule draw_ranks:
    input:
        ranks="results/{dataset}/tables/ranks.csv",
        verification="results/{dataset}/tables/verification.csv",
        vega=VEGA,
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
        attacks=lambda wildcards: spec(attacks_in("ranks", wildcards.dataset)),
        extractors=spec(EXPERIMENTS["ranks"]["extractors"]),
    message:
        "Draw protection among the k nearest on {wildcards.dataset}"
    script:
        "../scripts/draw_ranks.py"


rule draw_classifiers:
    input:
        "results/{dataset}/tables/classifiers.csv",
        vega=VEGA,
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
        start=robust_start(),
        code=code("draw_classifiers"),
        attacks=lambda wildcards: spec(attacks_in("classifiers", wildcards.dataset)),
        classifiers=spec(
            [
                "linear, 100 iterations",
                "linear, converged",
                "end to end",
                "nearest neighbor",
            ]
        ),
        extractors=spec(
            [EXPERIMENTS["classifiers"][key] for key in ("extractor", "robust")]
        ),
    message:
        "Draw protection by classifier on {wildcards.dataset}"
    script:
        "../scripts/draw_classifiers.py"


rule draw_systems:
    input:
        systems="results/{dataset}/tables/systems.csv",
        ranks="results/{dataset}/tables/ranks.csv",
        vega=VEGA,
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
            lambda wildcards: (
                "Figure 6"
                if wildcards.dataset == config["run"]["datasets"][0]
                else "Figure 12"
            ),
        ),
        code=code("draw_systems"),
        attacks=lambda wildcards: spec(attacks_of(wildcards.dataset)),
        extractors=spec(models_of("systems")),
        systems=spec(list(EXPERIMENTS["systems"]["systems"])),
    message:
        "Draw what two models do together on {wildcards.dataset}"
    script:
        "../scripts/draw_systems.py"


rule draw_collusion:
    input:
        "results/{dataset}/recognition/collusion.csv",
        vega=VEGA,
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
        attacks=spec(
            [
                [name, ATTACKS[name]["label"]]
                for name in EXPERIMENTS["collusion"]["attacks"]
            ]
        ),
        systems=spec(list(EXPERIMENTS["collusion"]["systems"].items())),
    message:
        "Draw what collusion does on {wildcards.dataset}"
    script:
        "../scripts/draw_collusion.py"


rule play_games:
    input:
        "results/{dataset}/tables/protection.csv",
        vega=VEGA,
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
        attacks=lambda wildcards: spec(attacks_of(wildcards.dataset)),
        extractors=lambda wildcards: spec(extractors_of(wildcards.dataset)),
        adaptive=adaptive_extractors,
        users=lambda wildcards: spec(players(wildcards.dataset)),
        margin=EXPERIMENTS["games"]["margin"],
    message:
        "Play the security games on {wildcards.dataset}"
    script:
        "../scripts/games.py"


rule draw_claims:
    input:
        published=expand(
            "resources/published/{source}.csv",
            source=EXPERIMENTS["claims"]["published"],
        ),
        rates=measured_rates(),
        detection=tables_of("detection", "detection"),
        transfer=[TRANSFER_TABLE] if config["transfer"]["classifiers"] else [],
        vega=VEGA,
    output:
        svg="results/claims/claims.svg",
        png="results/claims/claims.png",
        csv="results/claims/claims.csv",
        html=report(
            "results/claims/claims.html",
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
        counterparts=spec(EXPERIMENTS["claims"]["counterparts"]),
        dataset=", ".join(
            DATASETS[dataset]["label"] for dataset in datasets_of("claims")
        ),
        data_note=lambda wildcards: " ".join(
            dict.fromkeys(
                DATASETS[dataset].get("note", "") for dataset in datasets_of("claims")
            )
        ),
        seed=SEED,
    message:
        "Draw what was claimed beside what is measured"
    script:
        "../scripts/claims.py"

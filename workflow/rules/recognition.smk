"""Errors of recognition per user, and the table of protection rates."""


rule recognize:
    input:
        clean=embeddings("clean"),
        sources=embeddings(*evaluated()),
        split="results/{dataset}/split.csv",
    output:
        "results/{dataset}/recognition/{extractor}/nearest_neighbor.csv",
    log:
        "logs/recognize/{dataset}/{extractor}.log",
    benchmark:
        "benchmarks/recognize/{dataset}/{extractor}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("recognize"),
        metric=config["recognition"]["metric"],
        sources=spec(list(evaluated().values())),
        attacks=spec(
            {
                name: ATTACKS[name].get("shares", {})
                for name in config["run"]["attacks"]
            }
        ),
        seed=SEED,
    message:
        "Recognize the users of {wildcards.dataset} with {wildcards.extractor}"
    script:
        "../scripts/recognize.py"


rule protection_table:
    input:
        expand(
            "results/{{dataset}}/recognition/{extractor}/nearest_neighbor.csv",
            extractor=config["run"]["extractors"],
        ),
    output:
        "results/{dataset}/tables/protection.csv",
    log:
        "logs/protection_table/{dataset}.log",
    benchmark:
        "benchmarks/protection_table/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("protection_table"),
        extractors=spec(
            {
                name: {key: EXTRACTORS[name].get(key) for key in ("label", "released")}
                for name in config["run"]["extractors"]
            }
        ),
        attacks=spec(
            {
                name: {
                    "label": ATTACKS[name]["label"],
                    "released": ATTACKS[name]["released"],
                    "surrogates": sorted(
                        {
                            s
                            for part in parts([name])
                            for s in ATTACKS[part].get("surrogates", [])
                        }
                    ),
                }
                for name in config["run"]["attacks"]
            }
        ),
        seed=SEED,
    message:
        "Average over the users of {wildcards.dataset}"
    script:
        "../scripts/protection_table.py"


rule quality_table:
    input:
        split="results/{dataset}/split.csv",
        perturbed=expand(
            "results/{{dataset}}/perturbed/{attack}.h5",
            attack=parts(config["run"]["attacks"]),
        ),
        lpips=perceptual_distances(),
    output:
        quality="results/{dataset}/tables/quality.csv",
        visibility="results/{dataset}/tables/visibility.csv",
    log:
        "logs/quality_table/{dataset}.log",
    benchmark:
        "benchmarks/quality_table/{dataset}.tsv"
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("quality_table"),
        made_by=spec(parts(config["run"]["attacks"])),
        attacks=spec(
            {
                name: ATTACKS[name].get("shares", {})
                for name in config["run"]["attacks"]
            }
        ),
        seed=SEED,
    message:
        "Say how much each attack shows in the pictures of {wildcards.dataset}"
    script:
        "../scripts/quality_table.py"

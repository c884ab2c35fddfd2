"""Errors of recognition per user, and the table of protection rates."""


rule recognize:
    input:
        unpack(embeddings),
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
                            for part in perturbing([name])
                            for s in ATTACKS[part]["surrogates"]
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

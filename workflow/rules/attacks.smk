"""Perturbed faces of the users, by attack, in shards that run side by side."""


scattergather:
    attack=config["shards"],


rule choose_targets:
    input:
        unpack(target_choice),
        faces="results/{dataset}/faces.h5",
        split="results/{dataset}/split.csv",
    output:
        "results/{dataset}/perturbed/targets/{attack}.csv",
    log:
        "logs/choose_targets/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/choose_targets/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(name for name in ATTACKS if "targets" in ATTACKS[name]),
    priority: 15
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=30,
        gpu=1,
    params:
        code=lambda wildcards: code(
            "choose_targets",
            *network_modules(*ATTACKS[wildcards.attack]["surrogates"]),
        ),
        spec=lambda wildcards: spec(ATTACKS[wildcards.attack]["targets"]),
        seed=SEED,
        whose=whose,
    message:
        "Choose the targets of {wildcards.attack} on {wildcards.dataset}"
    script:
        "../scripts/choose_targets.py"


use rule choose_targets as choose_targets_of_others with:
    output:
        "results/{dataset}/perturbed/targets/{role}/{attack}.csv",
    log:
        "logs/choose_targets_of_others/{dataset}/{role}/{attack}.log",
    benchmark:
        "benchmarks/choose_targets_of_others/{dataset}/{role}/{attack}.tsv"
    message:
        "Choose the targets of {wildcards.attack} for the {wildcards.role} identities of {wildcards.dataset}"


rule perturb:
    input:
        unpack(chosen_targets),
        faces="results/{dataset}/faces.h5",
        split="results/{dataset}/split.csv",
        surrogates=surrogate_files,
        alexnet=perceptual_weights,
    output:
        "results/{dataset}/perturbed/shards/{attack}/{scatteritem}.h5",
    log:
        "logs/perturb/{dataset}/{attack}/{scatteritem}.log",
    benchmark:
        "benchmarks/perturb/{dataset}/{attack}/{scatteritem}.tsv"
    wildcard_constraints:
        attack=one_of(ON_FACES),
    priority: 15  # long jobs first: the short ones fill the cores at the end
    conda:
        "../../envs/torch.yaml"
    threads: attack_threads
    resources:
        # Four surrogates of 152 layers, shared, and what each process computes.
        mem_mb=lambda wildcards, threads: 2300 + 900 * threads,
        runtime=240,
        gpu=1,
    params:
        code=lambda wildcards: code("perturb", *attack_modules(wildcards.attack)),
        spec=lambda wildcards: perturb_record(wildcards.attack),
        whose=whose,
        seed=SEED,
    message:
        "Perturb faces of {wildcards.dataset} by {wildcards.attack}, part {wildcards.scatteritem}"
    script:
        "../scripts/perturb.py"


use rule perturb as perturb_at_once with:
    output:
        "results/{dataset}/perturbed/{attack}.h5",
    log:
        "logs/perturb_at_once/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/perturb_at_once/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of([] if config["shards"] > 1 else ON_FACES),
    message:
        "Perturb faces of {wildcards.dataset} by {wildcards.attack}"


use rule perturb as perturb_others with:
    output:
        "results/{dataset}/perturbed/{role}/{attack}/{scatteritem}.h5",
    log:
        "logs/perturb_others/{dataset}/{role}/{attack}/{scatteritem}.log",
    benchmark:
        "benchmarks/perturb_others/{dataset}/{role}/{attack}/{scatteritem}.tsv"
    message:
        "Perturb {wildcards.role} faces of {wildcards.dataset} by {wildcards.attack}, part {wildcards.scatteritem}"


rule gather_perturbed:
    input:
        gather.attack(
            "results/{{dataset}}/perturbed/shards/{{attack}}/{scatteritem}.h5"
        ),
    output:
        "results/{dataset}/perturbed/{attack}.h5",
    log:
        "logs/gather_perturbed/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/gather_perturbed/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(ON_FACES if config["shards"] > 1 else []),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=code("gather_perturbed"),
    message:
        "Gather the faces of {wildcards.dataset} perturbed by {wildcards.attack}"
    script:
        "../scripts/gather_perturbed.py"


rule mix_perturbed:
    input:
        split="results/{dataset}/split.csv",
        parts=lambda wildcards: expand(
            "results/{{dataset}}/perturbed/{attack}.h5",
            attack=sorted(ATTACKS[wildcards.attack]["shares"]),
        ),
    output:
        "results/{dataset}/perturbed/{attack}.h5",
    log:
        "logs/mix_perturbed/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/mix_perturbed/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(MIXTURES),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=code("mix_perturbed"),
        shares=lambda wildcards: spec(ATTACKS[wildcards.attack]["shares"]),
        seed=SEED,
    message:
        "Mix the faces of {wildcards.dataset} perturbed by the attacks of {wildcards.attack}"
    script:
        "../scripts/mix_perturbed.py"


rule transmit:
    input:
        faces=posted_faces,
        split="results/{dataset}/split.csv",
    output:
        "results/{dataset}/perturbed/{attack}.{channel}.h5",
    log:
        "logs/transmit/{dataset}/{attack}.{channel}.log",
    benchmark:
        "benchmarks/transmit/{dataset}/{attack}.{channel}.tsv"
    wildcard_constraints:
        attack=one_of(["clean", *(name for name in ATTACKS if name not in PHOTOGRAPHS)]),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        code=code("transmit"),
        spec=channel_steps,
    message:
        "Send the {wildcards.attack} faces of {wildcards.dataset} through {wildcards.channel}"
    script:
        "../scripts/transmit.py"


rule lpips:
    input:
        unpack(pictures_of_lpips),
        alexnet=ALEXNET,
    output:
        "results/{dataset}/perturbed/lpips/{attack}.csv",
    log:
        "logs/lpips/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/lpips/{dataset}/{attack}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
        gpu=1,
    params:
        code=code("lpips"),
        spec=lambda wildcards: spec(ATTACKS[wildcards.attack].get("preparation")),
    message:
        "Measure LPIPS of the pictures of {wildcards.dataset} perturbed by {wildcards.attack}"
    script:
        "../scripts/lpips.py"

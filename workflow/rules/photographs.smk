"""Attacks on whole photographs, which the trainer detects and aligns anew."""


rule perturb_photographs:
    input:
        root=ancient(planned(brought.dataset_folder)),
        manifest=ancient(paths.MANIFEST),
        faces=ancient(paths.FACES),
        split=planned(roles.listed),
        targets=planned(attacks.chosen_targets),
        target_faces=ancient(planned(attacks.target_faces)),
        people=planned(attacks.people),
        surrogates=planned(attacks.surrogate_files),
    output:
        photographs=directory(paths.PHOTOGRAPHS_SHARD),
        table=paths.PHOTOGRAPHS_SHARD_TABLE,
    log:
        "logs/perturb_photographs/{dataset}/{attack}/{scatteritem}.log",
    benchmark:
        "benchmarks/perturb_photographs/{dataset}/{attack}/{scatteritem}.tsv"
    wildcard_constraints:
        attack=one_of(attacks.our_own(config, photographs=True)),
    priority: 15  # long jobs first
    conda:
        "../../envs/torch.yaml"
    threads: planned(evaluated.attack_threads, cores=CORES)
    resources:
        # Surrogates as above; each process perturbs a whole photograph of 12 megapixels.
        mem_mb=lambda wildcards, threads: 2300 + 4200 * threads,
        runtime=480,
        gpu=1,
    params:
        code=code("perturb_photographs", attacks.perturbing_modules),
        brought=planned(brought.perceptual_weights),
        record=text(attacks.perturb_record),
        seed=planned(attacks.seed),
    message:
        "Perturb photographs of {wildcards.dataset} by {wildcards.attack}, part {wildcards.scatteritem}"
    script:
        "../scripts/perturb_photographs.py"


rule gather_photographs:
    input:
        photographs=gather.attack(paths.PHOTOGRAPHS_SHARD, allow_missing=True),
        tables=gather.attack(paths.PHOTOGRAPHS_SHARD_TABLE, allow_missing=True),
        people=planned(attacks.people),
    output:
        photographs=directory(paths.PERTURBED_PHOTOGRAPHS),
        table=paths.PERTURBED_PHOTOGRAPHS_TABLE,
    log:
        "logs/gather_photographs/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/gather_photographs/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(attacks.our_own(config, photographs=True)),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        code=code("gather_photographs"),
    message:
        "Gather the photographs of {wildcards.dataset} perturbed by {wildcards.attack}"
    script:
        "../scripts/gather_photographs.py"


rule align_perturbed:
    input:
        root=ancient(planned(attacks.photographs_folder)),
        table=paths.PERTURBED_PHOTOGRAPHS_TABLE,
        faces=ancient(paths.FACES),
        people=planned(attacks.people),
    output:
        paths.PERTURBED,
    log:
        "logs/align_perturbed/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/align_perturbed/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(attacks.on_photographs(config)),
    conda:
        "../../envs/torch.yaml"
    threads: 8
    resources:
        mem_mb=lambda wildcards, threads: 900 + 1400 * threads,  # of 48 megapixels
        runtime=120,
        gpu=1,
    params:
        code=code("align_perturbed"),
        record=text(datasets.alignment),
        channel=text(attacks.channel_steps),
        landmarks=planned(attacks.landmarks),
    message:
        "Find and align the faces of {wildcards.dataset} perturbed by {wildcards.attack}"
    script:
        "../scripts/align_perturbed.py"


use rule align_perturbed as align_transmitted with:
    output:
        paths.TRANSMITTED,
    log:
        "logs/align_transmitted/{dataset}/{attack}.{channel}.log",
    benchmark:
        "benchmarks/align_transmitted/{dataset}/{attack}.{channel}.tsv"
    message:
        "Find and align the faces of {wildcards.dataset} perturbed by {wildcards.attack}, sent through {wildcards.channel}"

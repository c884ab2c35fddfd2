"""Perturbed faces of the users, by attack, in shards that run side by side.

Inputs named people are tables of those on whom a job depends (checkpoint list_role). It need not read them: a job that
takes a table is looked at anew when that is made, and dropped if nothing has changed for it.
"""


scattergather:
    attack=config["shards"],


rule choose_targets:
    input:
        faces=ancient(paths.FACES),
        split=planned(roles.listed),
        target_faces=ancient(planned(attacks.target_faces)),
        target_split=planned(attacks.target_people),
        people=planned(attacks.people),
        surrogates=planned(attacks.choosing_surrogates),
    output:
        paths.TARGETS,
    log:
        "logs/choose_targets/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/choose_targets/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(attacks.targeted(config)),
    priority: 15
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=30,
        gpu=1,
    params:
        code=code("choose_targets", attacks.surrogate_modules),
        record=text(attacks.targets_record),
        seed=planned(attacks.seed),
        whose=text(roles.whose),
    message:
        "Choose the targets of {wildcards.attack} on {wildcards.dataset}"
    script:
        "../scripts/choose_targets.py"


use rule choose_targets as choose_targets_of_others with:
    output:
        paths.TARGETS_OF_OTHERS,
    log:
        "logs/choose_targets_of_others/{dataset}/{role}/{attack}.log",
    benchmark:
        "benchmarks/choose_targets_of_others/{dataset}/{role}/{attack}.tsv"
    message:
        "Choose the targets of {wildcards.attack} for the {wildcards.role} identities of {wildcards.dataset}"


rule perturb:
    input:
        faces=ancient(paths.FACES),
        split=planned(roles.listed),
        targets=planned(attacks.chosen_targets),
        target_faces=ancient(planned(attacks.target_faces)),
        people=planned(attacks.people),
        surrogates=planned(attacks.surrogate_files),
    output:
        paths.SHARD,
    log:
        "logs/perturb/{dataset}/{attack}/{scatteritem}.log",
    benchmark:
        "benchmarks/perturb/{dataset}/{attack}/{scatteritem}.tsv"
    wildcard_constraints:
        attack=one_of(attacks.our_own(config, photographs=False)),
    priority: 15  # long jobs first: the short ones fill the cores at the end
    conda:
        "../../envs/torch.yaml"
    threads: planned(evaluated.attack_threads, cores=CORES)
    resources:
        # Four surrogates of 152 layers, shared, and what each process computes.
        mem_mb=lambda wildcards, threads: 2300 + 900 * threads,
        runtime=240,
        gpu=1,
    params:
        code=code("perturb", attacks.perturbing_modules),
        brought=planned(brought.perceptual_weights),
        record=text(attacks.perturb_record),
        whose=text(roles.whose),
        seed=planned(attacks.seed),
    message:
        "Perturb faces of {wildcards.dataset} by {wildcards.attack}, part {wildcards.scatteritem}"
    script:
        "../scripts/perturb.py"


use rule perturb as perturb_at_once with:
    output:
        paths.PERTURBED,
    log:
        "logs/perturb_at_once/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/perturb_at_once/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(attacks.perturbed_at_once(config)),
    message:
        "Perturb faces of {wildcards.dataset} by {wildcards.attack}"


use rule perturb as perturb_others with:
    output:
        paths.SHARD_OF_OTHERS,
    log:
        "logs/perturb_others/{dataset}/{role}/{attack}/{scatteritem}.log",
    benchmark:
        "benchmarks/perturb_others/{dataset}/{role}/{attack}/{scatteritem}.tsv"
    message:
        "Perturb {wildcards.role} faces of {wildcards.dataset} by {wildcards.attack}, part {wildcards.scatteritem}"


rule gather_perturbed:
    input:
        shards=gather.attack(paths.SHARD, allow_missing=True),
        people=planned(attacks.people),
    output:
        paths.PERTURBED,
    log:
        "logs/gather_perturbed/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/gather_perturbed/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(attacks.perturbed_in_shards(config)),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=by_size(1000, 4000, "shards"),
        runtime=10,
    params:
        code=code("gather_perturbed"),
    message:
        "Gather the faces of {wildcards.dataset} perturbed by {wildcards.attack}"
    script:
        "../scripts/gather_perturbed.py"


# What an attack costs a person with one picture; it takes the memory that perturbing does. Its table is the one output that
# differs between two runs: what holds pictures holds no seconds.
rule time_pictures:
    input:
        root=ancient(planned(attacks.originals)),
        manifest=ancient(paths.MANIFEST),
        faces=ancient(paths.FACES),
        split=planned(roles.listed),
        targets=planned(attacks.chosen_targets),
        target_faces=ancient(planned(attacks.target_faces)),
        people=planned(attacks.people),
        surrogates=planned(attacks.surrogate_files),
    output:
        paths.TIMES,
    log:
        "logs/time_pictures/{dataset}/{experiment}/{attack}.log",
    benchmark:
        "benchmarks/time_pictures/{dataset}/{experiment}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(attacks.one_by_one(config)),
        experiment=one_of(experiments.by_method(config, "cost")),
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: (
            6500 if wildcards.attack in attacks.on_photographs(config) else 3200
        ),
        runtime=240,
        gpu=1,
    params:
        code=code("time_pictures", attacks.perturbing_modules),
        brought=planned(brought.perceptual_weights),
        record=text(attacks.perturb_record),
        pictures=planned(experiments.timed_pictures),
        seed=planned(attacks.seed),
    message:
        "Perturb pictures of {wildcards.dataset} by {wildcards.attack}, one at a time, and time each"
    script:
        "../scripts/time_pictures.py"


rule mix_perturbed:
    input:
        split=planned(roles.listed),
        people=planned(attacks.people),
        parts=planned(attacks.mixed),
    output:
        paths.PERTURBED,
    log:
        "logs/mix_perturbed/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/mix_perturbed/{dataset}/{attack}.tsv"
    wildcard_constraints:
        attack=one_of(attacks.mixtures(config)),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=by_size(1000, 4000, "parts"),
        runtime=10,
    params:
        code=code("mix_perturbed"),
        record=text(attacks.shares),
        seed=SEED,
    message:
        "Mix the faces of {wildcards.dataset} perturbed by the attacks of {wildcards.attack}"
    script:
        "../scripts/mix_perturbed.py"


rule transmit:
    input:
        faces=ancient(paths.FACES),
        split=planned(roles.listed),
        people=planned(attacks.people),
        perturbed=planned(attacks.posted_perturbed),
    output:
        paths.TRANSMITTED,
    log:
        "logs/transmit/{dataset}/{attack}.{channel}.log",
    benchmark:
        "benchmarks/transmit/{dataset}/{attack}.{channel}.tsv"
    wildcard_constraints:
        attack=one_of(attacks.transmitted(config)),
    conda:
        "../../envs/tables.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        code=code("transmit"),
        record=text(attacks.channel_steps),
    message:
        "Send the {wildcards.attack} faces of {wildcards.dataset} through {wildcards.channel}"
    script:
        "../scripts/transmit.py"


rule lpips:
    input:
        unpack(planned(attacks.pictures_of_lpips)),
        faces=ancient(paths.FACES),
        manifest=ancient(paths.MANIFEST),
        people=planned(attacks.people),
        originals=ancient(planned(attacks.originals)),
        root=ancient(planned(attacks.photographs_of_lpips)),
    output:
        paths.LPIPS,
    log:
        "logs/lpips/{dataset}/{attack}.log",
    benchmark:
        "benchmarks/lpips/{dataset}/{attack}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=by_size(3000, 3000, "perturbed"),
        runtime=60,
        gpu=1,
    params:
        code=code("lpips"),
        brought="alexnet",
        record=text(attacks.preparation),
    message:
        "Measure LPIPS of the pictures of {wildcards.dataset} perturbed by {wildcards.attack}"
    script:
        "../scripts/lpips.py"

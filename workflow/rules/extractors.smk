"""Extractors by recipe: imported, trained from scratch, tuned from another, interpolated between two."""


# A hash says what the weights are, so they are no input: they may lie here or there, or be fetched.
rule import_extractor:
    output:
        paths.EXTRACTOR,
    log:
        "logs/import_extractor/{extractor}.log",
    benchmark:
        "benchmarks/import_extractor/{extractor}.tsv"
    wildcard_constraints:
        extractor=one_of(extractors.with_recipe(config, "import")),
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=3000,
        runtime=10,
    params:
        code=code("import_extractor", extractors.modules),
        brought=planned(brought.extractor_weights),
        record=text(extractors.record),
    message:
        "Import the published weights of {wildcards.extractor}"
    script:
        "../scripts/import_extractor.py"


use rule import_extractor as pixel_extractor with:
    log:
        "logs/pixel_extractor/{extractor}.log",
    benchmark:
        "benchmarks/pixel_extractor/{extractor}.tsv"
    wildcard_constraints:
        extractor=one_of(extractors.with_recipe(config, "pixels")),
    message:
        "Record the extractor {wildcards.extractor}"


rule train_extractor:
    input:
        faces=ancient(planned(extractors.training_faces)),
        split=planned(extractors.training_split),
    output:
        paths.EXTRACTOR,
    log:
        "logs/train_extractor/{extractor}.log",
    benchmark:
        "benchmarks/train_extractor/{extractor}.tsv"
    wildcard_constraints:
        extractor=one_of(extractors.trained(config, first=False)),
    priority: 10  # long jobs first: the short ones fill the cores at the end
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
        gpu=1,
    params:
        code=code("train_extractor", extractors.training_modules),
        record=text(extractors.record),
        seed=planned(extractors.seed),
    message:
        "Train {wildcards.extractor} from scratch"
    script:
        "../scripts/train_extractor.py"


# First, so that the longest attacks can begin.
use rule train_extractor as train_awaited_extractor with:
    wildcard_constraints:
        extractor=one_of(extractors.trained(config, first=True)),
    priority: 20
    message:
        "Train {wildcards.extractor} from scratch, for which attacks wait"


use rule train_extractor as finetune_extractor with:
    input:
        faces=ancient(planned(extractors.training_faces)),
        split=planned(extractors.training_split),
        origin=planned(extractors.origin),
    log:
        "logs/finetune_extractor/{extractor}.log",
    benchmark:
        "benchmarks/finetune_extractor/{extractor}.tsv"
    wildcard_constraints:
        extractor=one_of(extractors.tuned(config, robustly=False)),
    message:
        "Tune {wildcards.extractor} from another extractor"


rule interpolate_extractor:
    input:
        ends=planned(extractors.ends),
    output:
        paths.EXTRACTOR,
    log:
        "logs/interpolate_extractor/{extractor}.log",
    benchmark:
        "benchmarks/interpolate_extractor/{extractor}.tsv"
    wildcard_constraints:
        extractor=one_of(extractors.with_recipe(config, "interpolate")),
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=3000,
        runtime=10,
    params:
        code=code("interpolate_extractor", extractors.modules),
        record=text(extractors.record),
    message:
        "Interpolate the weights of {wildcards.extractor}"
    script:
        "../scripts/interpolate_extractor.py"


rule tune_robustly:
    input:
        faces=ancient(planned(extractors.training_faces)),
        split=planned(extractors.training_split),
        origin=planned(extractors.origin),
        public_faces=ancient(planned(extractors.public_faces)),
        public_split=planned(extractors.public_people),
        perturbed=planned(extractors.public_files),
    output:
        paths.EXTRACTOR,
    log:
        "logs/tune_robustly/{extractor}.log",
    benchmark:
        "benchmarks/tune_robustly/{extractor}.tsv"
    wildcard_constraints:
        extractor=one_of(extractors.tuned(config, robustly=True)),
    priority: 10
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=1,
    params:
        code=code("tune_robustly", extractors.training_modules),
        record=text(extractors.record),
        seed=planned(extractors.seed),
    message:
        "Tune {wildcards.extractor} on public identities, clean and perturbed"
    script:
        "../scripts/tune_robustly.py"

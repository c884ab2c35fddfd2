"""Helpers of the rules: records of the configuration, digests of code, and lists of targets."""

from pathlib import Path

from uncloak.provenance import code_digest, listing_digest, spec

SEED = config["seed"]
DATASETS, EXTRACTORS, ATTACKS = (
    config[kind] for kind in ("datasets", "extractors", "attacks")
)
# A mixture perturbs nothing itself: recognition puts it together from its parts.
PERTURBING = [name for name, entry in ATTACKS.items() if entry["method"] != "mixture"]
SCRIPTS = Path(workflow.basedir, "workflow", "scripts")


wildcard_constraints:
    dataset="|".join(config["datasets"]),
    extractor="|".join(config["extractors"]),
    attack="|".join(PERTURBING),
    source="|".join(["clean", *PERTURBING]),
    figure="|".join(config["figures"]),


def code(script, *modules):
    """Digest of a script and of the library code that it really imports; `modules` are those it picks at run time."""
    return code_digest(
        SCRIPTS / f"{script}.py", *(f"uncloak.{name}" for name in modules)
    )


def record(records, name, *, without=("label", "released")):
    """A record as text, less what only tables and figures show, so that a new label does not restale the science."""
    return spec(
        {key: value for key, value in records[name].items() if key not in without}
    )


def exists(path, advice):
    """Return `path`, or stop with one clear line where the user has not put it there."""
    if not Path(path).exists():
        sys.exit(f"error: {path}: not found; {advice}")
    return path


def network(extractor):
    """Architecture of an extractor; a tuned one has that of the extractor it is tuned from."""
    entry = EXTRACTORS[extractor]
    return network(entry["from"]) if "from" in entry else entry["network"]["name"]


def network_modules(*extractors):
    """Modules that loading these extractors picks at run time."""
    return sorted({f"extractors.networks.{network(name)}" for name in extractors})


def extractor_files(*extractors):
    return [f"results/extractors/{name}.safetensors" for name in extractors]


def with_recipe(recipe):
    """Regular expression of the extractors made by a recipe, for a rule's wildcard; matches nothing where there is none."""
    return (
        "|".join(
            name for name, entry in EXTRACTORS.items() if entry["recipe"] == recipe
        )
        or "(?!)"
    )


def datasets_from(*sources):
    """Regular expression of the datasets from these sources, likewise."""
    return (
        "|".join(name for name, entry in DATASETS.items() if entry["source"] in sources)
        or "(?!)"
    )


def perturbing(attacks):
    """The attacks that perturb pictures themselves, in order: those named and the parts of the mixtures among them."""
    parts = [part for name in attacks for part in ATTACKS[name].get("shares", [name])]
    return list(dict.fromkeys(parts))


# dataset


def folder_root(wildcards):
    """Folder of a dataset's raw pictures: drawn by us, or the user's."""
    entry = DATASETS[wildcards.dataset]
    if entry["source"] == "drawn":
        return f"results/{wildcards.dataset}/photographs"
    root = Path(config["data"], entry["root"])
    return exists(
        root,
        f"put the dataset '{wildcards.dataset}' there or set `data` (resources/README.md)",
    )


def folder_listing(wildcards):
    """Digest of the names and sizes of the user's files: content that a touch or a copy does not change."""
    entry = DATASETS[wildcards.dataset]
    return (
        "drawn"
        if entry["source"] == "drawn"
        else listing_digest(folder_root(wildcards))
    )


def known_landmarks(wildcards):
    drawn = DATASETS[wildcards.dataset]["source"] == "drawn"
    return f"results/{wildcards.dataset}/landmarks.csv" if drawn else []


# extractors


def published_source(wildcards):
    source = EXTRACTORS[wildcards.extractor]["source"]
    return exists(
        Path(config["weights"], source["file"]),
        f"get it from {source['origin']}, or set `weights` (resources/README.md)",
    )


def training_data(name):
    return (
        lambda wildcards: f"results/{EXTRACTORS[wildcards.extractor]['train']['data']}/{name}"
    )


def training_code(wildcards):
    """The training picks its network and its objective at run time."""
    loss = EXTRACTORS[wildcards.extractor]["train"]["loss"]["name"]
    return code(
        "train_extractor",
        f"extractors.objectives.{loss}",
        *network_modules(wildcards.extractor),
    )


# attacks


def surrogate_files(wildcards):
    return extractor_files(*ATTACKS[wildcards.attack]["surrogates"])


def target_data(name):
    """Faces among whom a targeted attack chooses its targets."""

    def path(wildcards):
        targets = ATTACKS[wildcards.attack].get("targets")
        return f"results/{targets['dataset']}/{name}" if targets else []

    return path


def method_modules(attack):
    """Modules that the perturbing picks at run time: the method, and for a targeted one the choice of targets."""
    targets = ["attacks.targets"] if "targets" in ATTACKS[attack] else []
    return [f"attacks.{ATTACKS[attack]['method']}", *targets]


def perceptual_weights(wildcards):
    """AlexNet's weights, where the attack's perceptual term is LPIPS."""
    options = ATTACKS[wildcards.attack].get("options", {})
    if (
        ATTACKS[wildcards.attack]["method"] != "lowkey"
        or options.get("perceptual", "lpips") != "lpips"
    ):
        return []
    return exists(
        Path(config["weights"], "alexnet-owt-7be5be79.pth"),
        "get torchvision's AlexNet weights (resources/README.md), or set the attack's option perceptual to dssim",
    )


# embeddings


def source_faces(wildcards):
    name = "faces" if wildcards.source == "clean" else f"perturbed/{wildcards.source}"
    return f"results/{wildcards.dataset}/{name}.h5"


# recognition


def embeddings(wildcards):
    sources = ["clean", *perturbing(config["run"]["attacks"])]
    return {
        source: f"results/{wildcards.dataset}/embeddings/{wildcards.extractor}/{source}.h5"
        for source in sources
    }


# figures


def figure_files(name):
    """Outputs of a figure: for the report the page; for papers and slides the pictures; and the table."""
    return {
        kind: f"results/{{dataset}}/figures/{name}.{kind}"
        for kind in ("html", "svg", "png", "csv")
    }


def data_note(wildcards):
    """What a reader must know about the pictures and the extractors of a dataset."""
    return DATASETS[wildcards.dataset].get("note", "")


def figure_record(wildcards):
    return spec(config["figures"][wildcards.figure])


# targets


def tables():
    return expand(
        "results/{dataset}/tables/protection.csv", dataset=config["run"]["datasets"]
    )


def drawn_figures():
    """The figures by extractor of which at least one attack is run."""
    run = set(config["run"]["attacks"])
    return [
        name for name, entry in config["figures"].items() if run & set(entry["attacks"])
    ]


def figures():
    names = [*drawn_figures(), "contact_sheet", "pictures"]
    return expand(
        "results/{dataset}/figures/{name}.html",
        dataset=config["run"]["datasets"],
        name=names,
    )

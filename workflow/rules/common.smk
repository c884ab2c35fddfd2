"""Helpers of the rules: records of the configuration, digests of code, and lists of targets."""

from pathlib import Path

from uncloak.provenance import code_digest, listing_digest, spec

SEED = config["seed"]
DATASETS, EXTRACTORS, ATTACKS, CHANNELS = (
    config[kind] for kind in ("datasets", "extractors", "attacks", "channels")
)
MIXTURES = [name for name, entry in ATTACKS.items() if entry["method"] == "mixture"]
EXTERNAL = [name for name, entry in ATTACKS.items() if entry["method"] == "external"]
# Attacks on whole photographs, which are aligned anew; all others are on aligned faces.
PHOTOGRAPHS = [
    name
    for name, entry in ATTACKS.items()
    if "photograph" in entry or entry.get("pictures") == "photographs"
]
SCRIPTS = Path(workflow.basedir, "workflow", "scripts")


def one_of(names):
    """Regular expression of these names, for a rule's wildcard; matches nothing where there is none."""
    return "|".join(names) or "(?!)"


wildcard_constraints:
    dataset=one_of(DATASETS),
    extractor=one_of(EXTRACTORS),
    attack=one_of(ATTACKS),
    channel=one_of(CHANNELS),
    source=rf"({one_of(['clean', *ATTACKS])})(\.({one_of(CHANNELS)}))?",
    figure=one_of(config["figures"]),


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
    """Regular expression of the extractors made by a recipe."""
    return one_of(
        name for name, entry in EXTRACTORS.items() if entry["recipe"] == recipe
    )


def datasets_from(*sources):
    """Regular expression of the datasets from these sources."""
    return one_of(
        name for name, entry in DATASETS.items() if entry["source"] in sources
    )


def parts(attacks):
    """The attacks that pictures are made by, in order: those named, and the parts of the mixtures among them."""
    named = [part for name in attacks for part in ATTACKS[name].get("shares", [name])]
    return list(dict.fromkeys(named))


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


def perturb_record(attack):
    """What the perturbing depends on; targets are a job of their own."""
    return record(ATTACKS, attack, without=("label", "released", "targets"))


def chosen_targets(wildcards):
    """Files of a targeted attack: the choice, and the faces chosen from."""
    choice = ATTACKS[wildcards.attack].get("targets")
    if not choice:
        return {}
    return {
        "targets": f"results/{wildcards.dataset}/perturbed/targets/{wildcards.attack}.csv",
        "target_faces": f"results/{choice.get('dataset', wildcards.dataset)}/faces.h5",
    }


def target_choice(wildcards):
    """Files that targets are chosen from; partners are users of the same dataset and need no surrogate."""
    choice = ATTACKS[wildcards.attack]["targets"]
    if choice.get("choice") == "partner":
        return {}
    return {
        "target_faces": f"results/{choice['dataset']}/faces.h5",
        "target_split": f"results/{choice['dataset']}/split.csv",
        "surrogates": surrogate_files(wildcards),
    }


def attack_modules(attack):
    """Modules that the perturbing picks at run time."""
    entry = ATTACKS[attack]
    return [f"attacks.{entry['method']}", *network_modules(*entry["surrogates"])]


ALEXNET = Path(config["weights"], "alexnet-owt-7be5be79.pth")


def perceptual_weights(wildcards):
    """AlexNet's weights, where the attack's perceptual term is LPIPS."""
    entry = ATTACKS[wildcards.attack]
    term = entry.get("options", {}).get("perceptual", "lpips")
    if entry["method"] != "lowkey" or term != "lpips":
        return []
    return exists(
        ALEXNET,
        "get torchvision's AlexNet weights (resources/README.md), or set the attack's option perceptual to dssim",
    )


def perceptual_distances():
    """LPIPS of every attack's pictures, where AlexNet's weights are at hand."""
    if not ALEXNET.exists():
        return []
    return expand(
        "results/{{dataset}}/perturbed/lpips/{attack}.csv",
        attack=parts(config["run"]["attacks"]),
    )


def pictures_of_lpips(wildcards):
    """Clean and perturbed pictures: photographs, or faces."""
    if wildcards.attack in PHOTOGRAPHS:
        return {
            "originals": ancient(folder_root(wildcards)),
            "manifest": f"results/{wildcards.dataset}/manifest.csv",
            "root": ancient(photographs_root(wildcards)),
            "table": f"results/{wildcards.dataset}/perturbed/photographs/{wildcards.attack}.csv",
        }
    return {
        "faces": f"results/{wildcards.dataset}/faces.h5",
        "perturbed": f"results/{wildcards.dataset}/perturbed/{wildcards.attack}.h5",
    }


def external_root(wildcards):
    """Folder of somebody else's perturbed pictures."""
    return exists(
        Path(config["data"], ATTACKS[wildcards.attack]["root"]),
        f"put the pictures of '{wildcards.attack}' there or set `data` (resources/README.md)",
    )


def photographs_root(wildcards):
    """Folder with the perturbed photographs: ours, or somebody else's."""
    if wildcards.attack in EXTERNAL:
        return external_root(wildcards)
    return f"results/{wildcards.dataset}/perturbed/photographs/{wildcards.attack}"


def alignment(wildcards):
    return spec(
        {key: DATASETS[wildcards.dataset][key] for key in ("face_size", "alignment")}
    )


# channels


def posted_faces(wildcards):
    """Faces of an attack as posted; `clean` stands for the users' own."""
    if wildcards.attack == "clean":
        return f"results/{wildcards.dataset}/faces.h5"
    return f"results/{wildcards.dataset}/perturbed/{wildcards.attack}.h5"


def channel_steps(wildcards):
    """What a channel does; none is plain PNG."""
    name = wildcards.get("channel")
    return spec(CHANNELS[name]["steps"] if name else [])


# embeddings


def source_faces(wildcards):
    name = "faces" if wildcards.source == "clean" else f"perturbed/{wildcards.source}"
    return f"results/{wildcards.dataset}/{name}.h5"


# recognition


def evaluated():
    """Source -> attack and channel, of all that recognition compares with the clean faces."""
    channels = config["run"]["channels"]
    sources = {name: (name, "png") for name in parts(config["run"]["attacks"])}
    for channel in channels:
        for name in ("clean", *parts(config["run"]["attacks"])):
            attack = "none" if name == "clean" else name
            sources[f"{name}.{channel}"] = (attack, channel)
    return sources


def embeddings(*sources):
    return expand(
        "results/{{dataset}}/embeddings/{{extractor}}/{source}.h5", source=sources
    )


# figures


def other_files(figure):
    """Outputs of a figure beside its page: pictures for papers and slides, and the table it was drawn from."""
    return {
        kind: f"results/{{dataset}}/figures/{figure}.{kind}"
        for kind in ("svg", "png", "csv")
    }


def data_note(wildcards):
    """What a reader must know about the pictures and the extractors of a dataset."""
    return DATASETS[wildcards.dataset].get("note", "")


def figure_record(wildcards):
    return spec(config["figures"][wildcards.figure])


# targets


def tables():
    return expand(
        "results/{dataset}/tables/{table}.csv",
        dataset=config["run"]["datasets"],
        table=["protection", "quality", "visibility"],
    )


def drawn_figures():
    """The figures by extractor of which at least one attack is run."""
    run = set(config["run"]["attacks"])
    return [
        name for name, entry in config["figures"].items() if run & set(entry["attacks"])
    ]


def figures():
    names = [*drawn_figures(), "visibility", "contact_sheet", "pictures"]
    if config["run"]["channels"]:
        names.append("channels")
    return expand(
        "results/{dataset}/figures/{name}.html",
        dataset=config["run"]["datasets"],
        name=names,
    )

"""Inputs of the rules that make extractors."""


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


def public_faces(dataset):
    """Clean faces of the public identities of a dataset, and who they are."""
    return {
        "public_faces": [f"results/{dataset}/faces.h5"],
        "public_split": [f"results/{dataset}/split.csv"],
    }


def tuned_on(wildcards):
    """Files of the public identities that robust training learns, clean and perturbed."""
    public = learned_public(wildcards.extractor)
    files = [
        path
        for attack in public["attacks"]
        for path in perturbed_others(public["dataset"], "public", attack)
    ]
    return {**public_faces(public["dataset"]), "perturbed": files}


def origin(wildcards):
    """The extractor that one is tuned from."""
    return extractor_files(EXTRACTORS[wildcards.extractor]["from"])


def training_code(wildcards, script):
    """The training picks its network and its objective at run time."""
    loss = EXTRACTORS[wildcards.extractor]["train"]["loss"]["name"]
    return code(
        script,
        f"extractors.objectives.{loss}",
        *network_modules(wildcards.extractor),
    )

"""Inputs of the transfer of adversarial examples."""

CLASSIFIERS = config["classifiers"]
TRANSFER_TABLE = "results/transfer/transfer.csv"
TRANSFER_FIGURE = "results/transfer/figures/transfer_over_time.html"


def objects_record():
    """What the pictures of the transfer are made from."""
    made_from = ("source", "size", "resize", "pictures", "root")
    return {
        key: config["objects"][key] for key in made_from if key in config["objects"]
    }


def objects_root():
    return exists(
        Path(config["data"], config["objects"]["root"]),
        "put ImageNet's validation pictures there, one folder per class, or set `data` (resources/README.md)",
    )


def classifier_source(wildcards):
    source = CLASSIFIERS[wildcards.classifier]["source"]
    return exists(
        Path(config["weights"], source["file"]),
        f"get it from {source['origin']}, or set `weights` (resources/README.md)",
    )


def classifier_modules(*classifiers):
    """Modules that loading these classifiers picks at run time."""
    networks = {CLASSIFIERS[name]["network"]["name"] for name in classifiers}
    return sorted(f"transfer.networks.{name}" for name in networks)

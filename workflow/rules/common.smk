"""Helpers of the rules: records of the configuration, digests of code, and lists of targets."""

from pathlib import Path

from uncloak.provenance import code_digest, listing_digest, spec

SEED = config["seed"]
DATASETS, EXTRACTORS, ATTACKS = (
    config[kind] for kind in ("datasets", "extractors", "attacks")
)
SCRIPTS = Path(workflow.basedir, "workflow", "scripts")


wildcard_constraints:
    dataset="|".join(config["datasets"]),
    extractor="|".join(config["extractors"]),
    attack="|".join(config["attacks"]),
    source="|".join(["clean", *config["attacks"]]),
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

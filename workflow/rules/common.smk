"""Records of the configuration and digests of code, and the helpers of each stage's rules."""

import os
from pathlib import Path

from uncloak.provenance import code_digest, listing_digest, spec

SEED = config["seed"]
DATASETS, EXTRACTORS, ATTACKS, CHANNELS = (
    config[kind] for kind in ("datasets", "extractors", "attacks", "channels")
)
EXPERIMENTS, DETECTORS = config["experiments"], config["detectors"]
CHANNELS_RUN = config["run"].get("channels", [])
MIXTURES = [name for name, entry in ATTACKS.items() if entry["method"] == "mixture"]
EXTERNAL = [name for name, entry in ATTACKS.items() if entry["method"] == "external"]
# Attacks on whole photographs, which are aligned anew; all others are on aligned faces.
PHOTOGRAPHS = [
    name
    for name, entry in ATTACKS.items()
    if "photograph" in entry or entry.get("pictures") == "photographs"
]
# Our attacks on aligned faces.
ON_FACES = [name for name in ATTACKS if name not in PHOTOGRAPHS + EXTERNAL + MIXTURES]
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
    role="public|detector",
    detector=one_of(DETECTORS),
    classifier=one_of(config["classifiers"]),


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
    if not os.path.exists(path):
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


def learned_public(extractor):
    """What an extractor learns of public identities."""
    return EXTRACTORS[extractor].get("train", {}).get("public", {})


# Extractors tuned from others: plainly, or robustly.
TUNED, ROBUST = (
    [
        name
        for name, entry in EXTRACTORS.items()
        if entry["recipe"] == "finetune" and bool(learned_public(name)) == robust
    ]
    for robust in (False, True)
)


TRAINED = [name for name, entry in EXTRACTORS.items() if entry["recipe"] == "train"]
# Surrogates of attacks on several, which take longest of all jobs.
AWAITED = {
    name
    for entry in ATTACKS.values()
    if len(entry.get("surrogates", [])) > 1
    for name in entry["surrogates"]
}


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


include: "common/evaluated.smk"
include: "common/dataset.smk"
include: "common/extractors.smk"
include: "common/attacks.smk"
include: "common/transfer.smk"
include: "common/recognition.smk"
include: "common/figures.smk"
include: "common/targets.smk"

"""Check a configuration against its schema and against itself, before any job is planned."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import jsonschema
import yaml

from uncloak.errors import InputError

# What ends a script element or hides its end.
_TAG = re.compile(r"</|<!--|<script", re.IGNORECASE)
# The parser in C, where PyYAML has it: every start of Snakemake waits for the schema.
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check(config: Mapping, schema: str | Path) -> None:
    """Check `config` against the JSON schema in the YAML file `schema`, then that every name in it exists.

    Raises InputError with the place and the reason of the first thing wrong.
    """
    validator = jsonschema.Draft202012Validator(yaml.load(Path(schema).read_text(encoding="utf-8"), _YAML))
    error = jsonschema.exceptions.best_match(validator.iter_errors(config))
    if error:
        place = ".".join(str(part) for part in error.absolute_path) or "top level"
        # The schema's `nothing` stands where only records of another kind have the key.
        foreign = error.validator == "not" and not error.validator_value
        message = "has no place in a record of this kind; remove it" if foreign else error.message
        raise InputError(f"config: {place}: {message}")
    _check_text("", config)
    _check_names(config)


def fill(config: dict) -> None:
    """Give every record that trains, attacks or tunes the configuration's `precision`, in place, where it has none."""
    detailed = [*config["extractors"].values(), *config["classifiers"].values()]
    records = [record["train"] for record in detailed if "train" in record]
    records += [attack for attack in config["attacks"].values() if "surrogates" in attack]
    records += config["detectors"].values()
    records.append(config["experiments"]["classifiers"]["end_to_end"])
    for record in records:
        record.setdefault("precision", config["precision"])


def _check_text(place: str, value: object) -> None:
    """Refuse text that Snakemake's report, which holds labels and other parameters in a script element, would run."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            _check_text(place, key)
            _check_text(f"{place}.{key}" if place else str(key), entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            _check_text(place, entry)
    elif isinstance(value, str) and (found := _TAG.search(value)):
        raise InputError(
            f"config: {place or 'top level'}: has '{found[0]}' in it, which would break the report; write it otherwise"
        )


def _check_names(config: Mapping) -> None:
    datasets, extractors, attacks = config["datasets"], config["extractors"], config["attacks"]
    _known("run.datasets", config["run"]["datasets"], datasets, "dataset")
    _known("run.extractors", config["run"]["extractors"], extractors, "extractor")
    _known("run.attacks", config["run"]["attacks"], attacks, "attack")
    _known("run.channels", config["run"].get("channels", []), config["channels"], "channel")
    for name in config["run"]["datasets"]:
        if datasets[name]["source"] == "drawn_faces":
            raise InputError(f"config: run.datasets: '{name}' has background identities only and cannot be evaluated")
    for name, extractor in extractors.items():
        place = f"extractors.{name}"
        if "train" in extractor:
            _known(f"{place}.train.data", [extractor["train"]["data"]], datasets, "dataset")
        _check_lineage(name, extractors)
    for name, attack in attacks.items():
        place = f"attacks.{name}"
        _known(f"{place}.surrogates", attack.get("surrogates", []), extractors, "extractor")
        if "dataset" in attack.get("targets", {}):
            _known(f"{place}.targets.dataset", [attack["targets"]["dataset"]], datasets, "dataset")
        shares = attack.get("shares", {})
        _known(f"{place}.shares", shares, attacks, "attack")
        for part in shares:
            if attacks[part]["method"] == "mixture":
                raise InputError(f"config: {place}.shares: '{part}' is a mixture itself; name its parts instead")
        if shares and abs(sum(shares.values()) - 1) > 1e-9:
            raise InputError(f"config: {place}.shares: they add up to {sum(shares.values()):g}, not to 1")
    for name in config["run"]["attacks"]:
        if "photograph" in attacks[name] or attacks[name].get("pictures") == "photographs":
            _check_detection(f"attacks.{name}", config["run"]["datasets"], datasets)
    for name, dataset in datasets.items():
        _check_dataset(f"datasets.{name}", dataset, config)
    for name, detector in config["detectors"].items():
        _known(f"detectors.{name}.attacks", detector["attacks"], attacks, "attack")
    for name, experiment in config["experiments"].items():
        _check_experiment(f"experiments.{name}", experiment, config)
    for name, figure in config["figures"].items():
        for key, kind in (("datasets", "dataset"), ("attacks", "attack"), ("extractors", "extractor")):
            _known(f"figures.{name}.{key}", figure.get(key, []), config[key], kind)


def _check_dataset(place: str, dataset: Mapping, config: Mapping) -> None:
    for key, kind in (("extractors", "extractor"), ("attacks", "attack")):
        _known(f"{place}.{key}", dataset.get(key, []), config[key], kind)
    perturbed = dataset.get("perturb", {})
    for attack, wanted in perturbed.get("public", {}).get("identities", {}).items():
        _known(f"{place}.perturb.public.identities", [attack], config["attacks"], "attack")
        drawn = dataset["people"] if dataset.get("role") == "public" else 0
        public = drawn or dataset.get("split", {}).get("roles", {}).get("public", 0)
        if wanted > public:
            raise InputError(
                f"config: {place}.perturb.public.identities.{attack}: {wanted} identities are to be perturbed, but"
                f" {public} have the role public"
            )


# Keys of experiments that name records.
_NAMED = {
    "datasets": "dataset",
    "attacks": "attack",
    "extractors": "extractor",
    "detectors": "detector",
    "base": "extractor",
    "robust": "extractor",
    "accurate": "extractor",
    "extractor": "extractor",
}


def _check_experiment(place: str, experiment: Mapping, config: Mapping) -> None:
    for key, kind in _NAMED.items():
        named = experiment.get(key, [])
        _known(f"{place}.{key}", [named] if isinstance(named, str) else named, config[f"{kind}s"], kind)
    for attack, extractor in (experiment.get("trained_on") or {}).items():
        _known(f"{place}.trained_on", [attack], config["attacks"], "attack")
        _known(f"{place}.trained_on.{attack}", [extractor], config["extractors"], "extractor")
    for title, names in experiment.get("users", {}).items():
        _known(f"{place}.users.{title}", names, config["attacks"], "attack")
    for name, system in experiment.get("systems", {}).items():
        _check_experiment(f"{place}.systems.{name}", system, config)


def _check_detection(place: str, names: Iterable[str], datasets: Mapping) -> None:
    for name in names:
        if datasets[name]["alignment"]["detector"] == "none":
            raise InputError(
                f"config: {place}: works on whole photographs, but dataset '{name}' has aligned faces (detector none);"
                " attack the faces instead"
            )


def _check_lineage(name: str, extractors: Mapping) -> None:
    seen = [name]
    while "from" in extractors[seen[-1]]:
        origin = extractors[seen[-1]]["from"]
        _known(f"extractors.{seen[-1]}.from", [origin], extractors, "extractor")
        if origin in seen:
            raise InputError(f"config: extractors.{name}.from: tuned from itself ({' <- '.join([*seen, origin])})")
        seen.append(origin)


def _known(place: str, names: Iterable[str], records: Mapping, kind: str) -> None:
    for name in names:
        if name not in records:
            raise InputError(f"config: {place}: there is no {kind} '{name}'; known: {', '.join(sorted(records))}")

"""Claims of publications, and the tables of what is measured beside them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from uncloak import paths
from uncloak.errors import InputError
from uncloak.folders import reachable
from uncloak.plan import captions, defenses, experiments, extractors, transfer
from uncloak.plan.asked import Asked
from uncloak.records import plugins
from uncloak.records.words import suggestion

METHOD = "claims"
TITLE, CATEGORY = (plugins.constant(plugins.EXPERIMENT, METHOD, name) for name in ("TITLE", "CATEGORY"))
# Methods whose averaged rates are compared with published ones.
_RATES = ("protection", "ranks", "surrogates", "transfer_grid", "systems", "classifiers", "interpolation")
# Methods whose tables published numbers of any kind are compared with.
_COMPARED = (*_RATES, "detection", "giveaway", "cost", "public")
# The surrogates of the transfer, as one classifier (`uncloak.transfer.ENSEMBLE`).
_TOGETHER = "the ensemble"
# How galleries of few pictures of everybody are told from whole ones (`uncloak.claims.measured.from_rates`).
_FEW_PICTURES = re.compile(r", \d+ gallery pictures$")
# How a system is called in publications.
_WORDS = {"top_2": "top 2", "confidence_threshold": "confidence threshold"}
# What recognizes, or tells pictures apart, in the tables that published numbers are set beside.
_CLASSIFIERS = (
    *("nearest neighbor", "linear, 100 iterations", "linear, converged", "end to end", *_WORDS.values()),
    *("detector", "own head", "none"),
)


def asked(config: Mapping) -> list[Asked]:
    """The experiment, on each of its datasets; none where it is not made."""
    return [
        each
        for name in experiments.names(config)
        if config["experiments"][name]["method"] == METHOD
        for each in experiments.made(config, name)
    ]


def pages(config: Mapping) -> list[str]:
    return [paths.fill(paths.CLAIMS, kind="html")] if asked(config) else []


def published(config: Mapping) -> list[str]:
    """Tables of what is claimed, which come with this project."""
    names = asked(config)[0].options.published if asked(config) else ()
    return [reachable(f"resources/published/{name}.csv") for name in names]


def measured_rates(config: Mapping) -> list[str]:
    """Averaged tables that published rates are compared with."""
    return [each.table() for each in _measured(config)]


def _measured(config: Mapping) -> list[Asked]:
    return [each for method in _RATES for each in _made(config, method)]


def measured_detection(config: Mapping) -> list[str]:
    return [each.table() for each in _made(config, "detection")]


def measured_giveaway(config: Mapping) -> list[str]:
    return [each.table() for each in _made(config, "giveaway")]


def measured_times(config: Mapping) -> list[str]:
    return [each.table() for each in _made(config, "cost")]


def measured_public(config: Mapping) -> list[str]:
    return [each.table() for each in _made(config, "public")]


def _made(config: Mapping, method: str) -> list[Asked]:
    left_out = asked(config)[0].options.leave_out if asked(config) else ()
    return [
        each
        for dataset in _datasets(config)
        for each in experiments.made_on(config, dataset, method)
        if each.experiment not in left_out and each.about("claimed", lambda _: True)(each)
    ]


def measured_transfer(config: Mapping) -> list[str]:
    return [paths.TRANSFER_TABLE] if transfer.image_classifiers(config) else []


def words(config: Mapping) -> dict:
    """What the job that draws is told."""
    return {
        "counterparts": asked(config)[0].options.counterparts if asked(config) else {},
        "spelled": list(_spelled(config)),
        "public": [_tuned(each) for each in _made(config, "public")],
        "dataset_label": _label(config),
        "marked": {label: sets for each in _measured(config) for label, sets in each.marked().items()},
        "title": TITLE,
        "seed": config["seed"],
    }


def _spelled(config: Mapping) -> Iterator[dict]:
    """How publications call an extractor with a defense: a system by both names, a tuned extractor by its own."""
    meant: dict[tuple[str, str], dict] = {}
    for dataset in _datasets(config):
        for each in (found for asked in experiments.made_on(config, dataset) for found in asked.recognizers):
            ours = {"extractor": each.extractor, "defense": each.defense}
            if each.second:
                method = config["defenses"][each.defense]["method"]
                name, classifier = f"{each.extractor}_{each.second}", _WORDS.get(method, method)
                # Of several that publications would call the same, the first.
                if meant.setdefault((name, classifier), ours) == ours:
                    yield {**ours, "name": name, "classifier": classifier}
            elif each.embedder != each.extractor:
                yield {**ours, "name": each.embedder, "classifier": ""}


def _tuned(asked: Asked) -> dict:
    """Return the extractors that learned the perturbed people, with their labels, and where they are measured."""
    names = [name for each in asked.recognizers if extractors.learned_public(asked.config, name := each.embedder)]
    return {"dataset": asked.dataset, "extractors": {name: asked.config["extractors"][name]["label"] for name in names}}


def caption(config: Mapping) -> str:
    """The text below the figure, in reStructuredText."""
    text = captions.of_experiment(METHOD, {"dataset": _label(config), "seed": config["seed"]})
    notes = dict.fromkeys(config["datasets"][name].get("note", "") for name in _datasets(config))
    return "\n\n".join([text, *captions.about_extractors(_measured(config)), " ".join(notes)])


def _label(config: Mapping) -> str:
    return ", ".join(config["datasets"][name]["label"] for name in _datasets(config))


def _datasets(config: Mapping) -> list[str]:
    return [each.dataset for each in asked(config)]


def check(asked: Asked, place: str) -> None:
    """Raise InputError where a table of claims, or one of our names, is not there."""
    config = asked.config
    folder = Path(reachable("resources/published"))
    there = sorted(path.stem for path in folder.glob("*.csv"))
    for name in asked.options.published:
        if there and name not in there:
            raise InputError(f"{place}.options.published: there is no table '{name}'; {suggestion(name, there)}")
    # Names of systems, also of those that are not measured in this run.
    second = {defenses.options(config, name)["second"] for name in defenses.with_hook(config, "answer")}
    pairs = [f"{accurate}_{robust}" for accurate in config["extractors"] for robust in sorted(second)]
    through = [f"{name}.{channel}" for name in ("none", *config["attacks"]) for channel in config["channels"]]
    ours = {
        "dataset": [*config["datasets"], "transfer"],
        "attack": [*config["attacks"], "transferred", *through],
        "extractor": [
            *(*config["extractors"], *pairs, *config["detectors"], *config["image_classifiers"]),
            *(_TOGETHER, "none"),
        ],
        "classifier": _CLASSIFIERS,
    }
    for kind, known in ours.items():
        for title, entry in asked.options.counterparts.get(kind, {}).items():
            name = _FEW_PICTURES.sub("", entry["ours"]) if kind == "dataset" else entry["ours"]
            if name not in known:
                reason = f"there is no '{name}'; {suggestion(name, known)}"
                raise InputError(f"{place}.options.counterparts.{kind}.{title}.ours: {reason}")
    for name in asked.options.leave_out:
        if name not in config["experiments"]:
            reason = f"there is no experiment '{name}'; {suggestion(name, config['experiments'])}"
            raise InputError(f"{place}.options.leave_out: {reason}")
    _agreeing(config, place)
    measured = measured_rates, measured_detection, measured_giveaway, measured_times, measured_public, measured_transfer
    if not any(tables(config) for tables in measured):
        reason = f"nothing that this run measures stands beside claims; make '{_RATES[0]}', too, or leave this out"
        raise InputError(f"{place}: {reason}")


def _agreeing(config: Mapping, place: str) -> None:
    """That no two experiments have each a number of their own for the same."""
    for method in _COMPARED:
        found: dict[tuple[str, str], tuple[str, object]] = {}
        for each in _made(config, method):
            for about, value in each.about("depends", lambda _: {})(each).items():
                first, other = found.setdefault((each.dataset, about), (each.experiment, value))
                if other != value:
                    reason = (
                        f"'{first}' and '{each.experiment}' each have a number of their own for {about} on"
                        f" '{each.dataset}', and claims stand beside one; name one of the two here"
                    )
                    raise InputError(f"{place}.options.leave_out: {reason}")

"""What experiments ask of a run, and whether they can be made as they stand: told before any job is planned."""

from collections.abc import Iterator, Mapping

from uncloak.errors import InputError
from uncloak.plan import claims, datasets, defenses, detection, evaluated, experiments, extractors
from uncloak.plan.asked import GATE, Asked
from uncloak.records import plugins

# What others are drawn from, by its name.
_PROTECTION = "protection"
# Methods of which there is one on a dataset (of claims, one in all): a rule of its own makes its files.
_ALONE = ("classifiers", claims.METHOD)
_DOES = {
    "faces": "treats faces",
    "gallery": "drops faces",
    "growth": "lets the gallery grow",
    "extractor": "takes another extractor",
    "answer": "asks two extractors",
}


def needed(config: Mapping) -> tuple[list[str], dict[str, list[str]], dict[str, list[str]]]:
    """What the datasets and experiments of a run ask for: extractors, on each dataset attacks, and attacks on faces.

    The last are those that detectors learn and are tested on, by the place that names them.
    """
    names: list[str] = []
    on_faces: dict[str, list[str]] = {}
    tried: dict[str, list[str]] = {}
    for dataset in evaluated.datasets(config):
        names += evaluated.extractors_of(config, dataset)
        tried[dataset] = list(evaluated.attacks_of(config, dataset))
    for asked in _made(config):
        tried[asked.dataset] += asked.attacks
        for each in asked.recognizers:
            names += (each.extractor, *each.models)
        if asked.record["method"] == "detection":
            on_faces[f"experiments.{asked.experiment}.attacks"] = asked.attacks
        for name, learned in _learned(asked):
            names += learned["features"]
            on_faces[f"defenses.{name}.options.attacks"] = learned["attacks"]
            names += [each for attack in learned["attacks"] for each in config["attacks"][attack].get("surrogates", ())]
        for name in _detectors(asked):
            on_faces[f"detectors.{name}.attacks"] = config["detectors"][name]["attacks"]
    tried = {dataset: list(dict.fromkeys(own)) for dataset, own in tried.items()}
    return list(dict.fromkeys(names)), tried, on_faces


def check(config: Mapping) -> None:
    """Raise InputError, with place and reason, where an experiment of the run cannot be made as it stands."""
    for name, record in config["defenses"].items():
        if record["method"] == "robust_training":
            _tuned(config, f"defenses.{name}.options.extractors", defenses.options(config, name)["extractors"])
    for name in experiments.names(config):
        _measurable(config, name)
    if (unmade := experiments.unmade(config)) and unmade == experiments.names(config):
        reason = "can be made on a dataset of this run; give one what it needs (docs/experiments.md), or name others"
        raise InputError(f"config: run.experiments: none of {', '.join(unmade)} {reason}")
    for asked in _made(config):
        place = f"config: experiments.{asked.experiment}"
        _whole(asked)
        _detected(asked)
        _purified(asked)
        if asked.record["method"] == claims.METHOD:
            claims.check(asked, place)
        else:
            asked.about("check", lambda *_: None)(asked, place)
        _recognized(asked, place)
        if _PROTECTION in asked.drawn_from():
            _contained(asked, place)
        if asked.bounded(asked.recognizers):
            _gated(config)
    for method in _ALONE:
        _alone(config, method)


def _made(config: Mapping) -> Iterator[Asked]:
    """The experiments of the run, and the one that others of them are drawn from."""
    found = [asked for name in experiments.names(config) for asked in experiments.made(config, name)]
    yield from found
    if _PROTECTION in config["experiments"]:
        below = {each.dataset for each in found if _PROTECTION in each.drawn_from()}
        there = {each.dataset for each in found if each.experiment == _PROTECTION}
        yield from (Asked(config, _PROTECTION, dataset) for dataset in sorted(below - there))


def _contained(asked: Asked, place: str) -> None:
    """That what an experiment shows stands in the table which it is drawn from."""
    record = asked.config["experiments"].get(_PROTECTION)
    if record is None:
        reason = f"is drawn from the experiment '{_PROTECTION}', which is struck out; strike out both"
        raise InputError(f"{place}: {reason}")
    if record["method"] != _PROTECTION:
        reason = f"'{asked.experiment}' is drawn from what it measures; leave its method out"
        raise InputError(f"config: experiments.{_PROTECTION}.method: {reason}")
    below = Asked(asked.config, _PROTECTION, asked.dataset)
    for kind in ("extractors", "attacks"):
        for name in getattr(asked, kind):
            if name not in getattr(below, kind):
                reason = f"'{name}' is not in the experiment '{_PROTECTION}', from which this is drawn; take it there"
                raise InputError(f"{place}.{kind}: {reason}, too")


def _gated(config: Mapping) -> None:
    """That the clean errors which decide what enters tables are measured."""
    if config["experiments"].get(GATE, {}).get("method") != GATE:
        reason = "measures the clean errors that `largest_clean_error` of an extractor is compared with"
        raise InputError(f"config: experiments.{GATE}: {reason}; take it back in, or leave out these bounds")


def _recognized(asked: Asked, place: str) -> None:
    """That somebody is recognized whom an attack could protect."""
    measured = asked.experiment in experiments.by_part(asked.config, "measure")
    of_its_own = asked.about("files") is not None or not measured
    if of_its_own and _PROTECTION not in asked.drawn_from():
        return
    whole = asked.about("WHOLE_TABLE", False)
    drawn = [each for each in asked.recognizers if not whole or each.extractor in asked.extractors]
    if not any(asked.attacks_on(each) for each in drawn):
        reason = "raw pixels alone, which no attack fools; name another extractor, here or in run.extractors"
        raise InputError(f"{place}.extractors: {reason}")


def _alone(config: Mapping, method: str) -> None:
    """That experiments which share files of one name do not differ in what the files hold."""
    found: dict[str, Asked] = {}
    for asked in _made(config):
        if asked.record["method"] == method:
            first = found.setdefault("" if method == claims.METHOD else asked.dataset, asked)
            if first.options != asked.options:
                reason = f"'{first.experiment}' of the same method has other options; give both the same, or run one"
                raise InputError(f"config: experiments.{asked.experiment}.options: {reason}")


def _tuned(config: Mapping, place: str, pairs: Mapping[str, str]) -> None:
    for robust in pairs.values():
        if not extractors.learned_public(config, robust):
            reason = f"'{robust}' is not tuned on public identities; name an extractor with `train.public`"
            raise InputError(f"config: {place}: {reason}")


def _whole(asked: Asked) -> None:
    """That an experiment's folder has what is needed of it."""
    parts = plugins.parts(plugins.EXPERIMENT, asked.record["method"])
    shows_its_table = [asked.table()] in asked.drawn_from().values()
    if "measure" not in parts and ("figure" not in parts or shows_its_table):
        reason = "has no measure.py, but is to have a table of its own; write it"
        raise InputError(f"uncloak/experiments/{asked.record['method']}: {reason}")


def _measurable(config: Mapping, experiment: str) -> None:
    """That an experiment can measure its defenses: told also where for want of others it is made on no dataset."""
    asked = Asked(config, experiment, evaluated.datasets(config)[0])
    measured = asked.about("HOOKS", ("faces", "extractor"))
    for name in asked.defenses[1:]:
        unmet = set(defenses.hooks(config, name)) - set(measured)
        if unmet:
            place, does = f"config: experiments.{experiment}", _DOES[min(unmet)]
            raise InputError(f"{place}.defenses: '{name}' {does}, which this experiment cannot measure; leave it out")


def _detectors(asked: Asked) -> list[str]:
    """The detectors that an experiment needs, its own and those of its defenses."""
    found = list(getattr(asked.options, "detectors", ()))
    helping = getattr(asked.options, "detector", None)  # of users who collude
    for name in (*asked.defenses[1:], helping):
        if name in asked.config["defenses"]:
            found += defenses.options(asked.config, name).get("detectors", ())
    return list(dict.fromkeys(found))


def _learned(asked: Asked) -> list[tuple[str, dict]]:
    """The defenses of an experiment that are learned, with their options."""
    learned = defenses.learned(asked.config)
    return [(name, defenses.options(asked.config, name)) for name in asked.defenses if name in learned]


def _purified(asked: Asked) -> None:
    """That what purifies the faces of a dataset has learned from faces like these."""
    shown = datasets.crop(asked.config, asked.dataset)
    for name, options in _learned(asked):
        learned = datasets.crop(asked.config, options["dataset"])
        if learned != shown:
            reason = f"'{options['dataset']}' has faces of another size or margin than '{asked.dataset}'"
            raise InputError(
                f"config: defenses.{name}.options.dataset: {reason}, which it is to purify; name a dataset with such"
                " faces that has `perturb.public`, or run without this defense"
            )


def _detected(asked: Asked) -> None:
    """That the detectors which an experiment needs can be trained and tested on its dataset."""
    config, dataset, detectors = asked.config, asked.dataset, _detectors(asked)
    if not detectors:
        return
    record = config["datasets"][dataset]
    if not record.get("perturb", {}).get("detector"):
        reason = "does not say how faces are perturbed for detectors; give it `perturb.detector`"
        raise InputError(f"config: datasets.{dataset}: {reason}")
    tested = detection.tested_attacks(config, dataset)
    people = datasets.number_of(config, dataset, "detector")
    for name in detectors:
        detector = config["detectors"][name]
        for attack in detector["attacks"]:
            if attack not in tested:
                reason = f"'{attack}' is not among the attacks of the experiment that tests detectors; add it there"
                raise InputError(f"config: detectors.{name}.attacks: {reason}")
        wanted = detector["identities"]["train"] + detector["identities"]["test"]
        if wanted > people:
            raise InputError(
                f"config: detectors.{name}.identities: {wanted} identities are wanted, but {people} of '{dataset}' have"
                " the role detector; lower them or raise split.roles.detector"
            )

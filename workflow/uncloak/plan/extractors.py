"""Extractors by recipe, and what they are trained, tuned and interpolated from."""

from collections.abc import Iterable, Mapping

from uncloak import paths
from uncloak.marks import marked
from uncloak.plan import evaluated
from uncloak.plan.records import science, seed_of
from uncloak.plan.roles import listed, perturbed_others


def with_recipe(config: Mapping, recipe: str) -> list[str]:
    """The extractors that are made by a recipe."""
    return [name for name, record in config["extractors"].items() if record["recipe"] == recipe]


def tuned(config: Mapping, robustly: bool) -> list[str]:
    """The extractors tuned from others: plainly, or robustly."""
    return [name for name in with_recipe(config, "finetune") if bool(learned_public(config, name)) == robustly]


def awaited(config: Mapping) -> set[str]:
    """Surrogates of attacks on several, which take longest of all jobs."""
    together = [record["surrogates"] for record in config["attacks"].values() if len(record.get("surrogates", [])) > 1]
    return {name for surrogates in together for name in surrogates}


def trained(config: Mapping, first: bool) -> list[str]:
    """The extractors trained from scratch: those that the longest attacks wait for, or the others."""
    waited_for = awaited(config)
    return [name for name in with_recipe(config, "train") if (name in waited_for) == first]


def record(config: Mapping, extractor: str) -> dict:
    """What making an extractor depends on."""
    return science(config["extractors"][extractor])


def seed(config: Mapping, extractor: str) -> int:
    """By which seed an extractor is trained."""
    return seed_of(config, "extractors", extractor)


def in_files(config: Mapping) -> list[str]:
    """The extractors that are made as files: all but black boxes."""
    return [name for name in config["extractors"] if not evaluated.is_black_box(config, name)]


def module(config: Mapping, extractor: str) -> str:
    """The module of an extractor, its network or its black box; one made from another has that of the other."""
    found = config["extractors"][extractor]
    if "from" in found:
        return module(config, found["from"])
    kind = "black_boxes" if evaluated.is_black_box(config, extractor) else "networks"
    return f"uncloak.extractors.{kind}.{found['box' if kind == 'black_boxes' else 'network']['name']}"


def modules(config: Mapping, extractor: str) -> list[str]:
    """The modules that loading an extractor picks at run time."""
    return modules_of(config, [extractor])


def modules_of(config: Mapping, extractors: Iterable[str]) -> list[str]:
    """The modules that loading these extractors picks at run time."""
    return sorted({module(config, name) for name in extractors})


def training_modules(config: Mapping, extractor: str) -> list[str]:
    """The training picks its network and its objective at run time."""
    loss = config["extractors"][extractor]["train"]["loss"]["name"]
    return [f"uncloak.extractors.objectives.{loss}", *modules(config, extractor)]


def files(extractors: Iterable[str]) -> list[str]:
    """The files of these extractors."""
    return [paths.fill(paths.EXTRACTOR, extractor=name) for name in extractors]


def origin(config: Mapping, extractor: str) -> list[str]:
    """The extractor that one is tuned from."""
    return files([config["extractors"][extractor]["from"]])


def ends(config: Mapping, extractor: str) -> list[str]:
    """The two extractors that one lies between."""
    return files([config["extractors"][extractor][end] for end in ("from", "to")])


def alphas(config: Mapping, start: str, end: str) -> dict[str, float]:
    """The extractors on the line between two others, and where: 0 is the start, 1 the end."""
    records = config["extractors"]
    between = {
        name: records[name]["alpha"]
        for name in with_recipe(config, "interpolate")
        if (records[name]["from"], records[name]["to"]) == (start, end)
    }
    return {start: 0.0, **between, end: 1.0}


def lineage(config: Mapping, extractor: str) -> list[str]:
    """An extractor and those that it is made from, itself first; those of both ends of an interpolated one."""
    records = config["extractors"]
    made_from = [records[extractor][key] for key in ("from", "to") if key in records[extractor]]
    return list(dict.fromkeys([extractor, *(each for name in made_from for each in lineage(config, name))]))


def training_faces(config: Mapping, extractor: str) -> str:
    """The faces that an extractor is trained on, or holds on to while it is tuned."""
    return paths.fill(paths.FACES, dataset=config["extractors"][extractor]["train"]["data"])


def training_split(config: Mapping, extractor: str) -> str:
    """Whose faces these are: background identities, and an extractor depends on nobody else's pictures."""
    return listed(config, config["extractors"][extractor]["train"]["data"], "background")


def trained_on(config: Mapping, extractor: str) -> list[str]:
    """The published data sets whose people an extractor has learned, itself or what it is made from."""
    sets = (config["extractors"][each].get("trained_on", []) for each in lineage(config, extractor))
    return list(dict.fromkeys(name for own in sets for name in own))


def saw_people(config: Mapping, extractor: str, dataset: str) -> list[str]:
    """Those of them that hold people of a dataset: an extractor may recognize these better than people it never saw."""
    same_people = {dataset, *config["datasets"][dataset].get("same_people", [])}
    return [name for name in trained_on(config, extractor) if name in same_people]


def label(config: Mapping, extractor: str, dataset: str) -> str:
    """Name of an extractor in figures of a dataset, marked where it saw its people."""
    own = config["extractors"][extractor]["label"]
    return marked(own) if saw_people(config, extractor, dataset) else own


def bound(config: Mapping, extractor: str) -> float | None:
    """The clean error up to which an extractor's numbers enter tables; None where they always do."""
    return config["extractors"][extractor].get("largest_clean_error")


def learned_public(config: Mapping, extractor: str | None) -> Mapping:
    """What an extractor learns of public identities; None is that of an experiment that is struck out."""
    return config["extractors"].get(extractor, {}).get("train", {}).get("public", {})


def public_clean(config: Mapping, extractor: str) -> dict[str, list[str]]:
    """Clean faces of the public identities that an extractor learns, and who they are."""
    dataset = learned_public(config, extractor)["dataset"]
    return {
        "public_faces": [paths.fill(paths.FACES, dataset=dataset)],
        "public_split": [paths.fill(paths.SPLIT, dataset=dataset)],
    }


def public_perturbed(config: Mapping, extractor: str) -> list[tuple[str, str]]:
    """The attacks that an extractor learns on public identities, and each file of their perturbed faces."""
    public = learned_public(config, extractor)
    return [
        (attack, path)
        for attack in public.get("attacks", [])
        for path in perturbed_others(config, public["dataset"], "public", attack)
    ]


def people(config: Mapping, extractors: Iterable[str]) -> set[str]:
    """Tables of all the people whom these extractors, and those that they are made from, learn from."""
    found = set()
    for name in {each for extractor in extractors for each in lineage(config, extractor)}:
        if "train" in config["extractors"][name]:
            found.add(training_split(config, name))
        if learned_public(config, name):
            found |= {*public_people(config, name)}
    return found


def public_faces(config: Mapping, extractor: str) -> list[str]:
    """Clean faces of the public identities that robust training learns."""
    return public_clean(config, extractor)["public_faces"]


def public_people(config: Mapping, extractor: str) -> list[str]:
    """Who these are."""
    return [listed(config, learned_public(config, extractor)["dataset"], "public")]


def public_files(config: Mapping, extractor: str) -> list[str]:
    """Files with their perturbed faces."""
    return [path for _, path in public_perturbed(config, extractor)]

"""Attacks by kind, and the files that perturbing takes and makes."""

from collections.abc import Iterable, Mapping

from uncloak import paths
from uncloak.plan import brought, defenses, evaluated, extractors, roles
from uncloak.plan.records import science, seed_of
from uncloak.records import plugins


def mixtures(config: Mapping) -> list[str]:
    """Attacks that put other attacks' pictures together."""
    return [name for name, record in config["attacks"].items() if record["method"] == "mixture"]


def external(config: Mapping) -> list[str]:
    """Somebody else's perturbed pictures."""
    return [name for name, record in config["attacks"].items() if record["method"] == "external"]


def on_photographs(config: Mapping) -> list[str]:
    """Attacks on whole photographs, which are aligned anew; all others are on aligned faces."""
    return [
        name
        for name, record in config["attacks"].items()
        if "photograph" in record or record.get("pictures") == "photographs"
    ]


def our_own(config: Mapping, photographs: bool) -> list[str]:
    """The attacks that we make: on whole photographs, or on aligned faces."""
    others = {*external(config), *mixtures(config)}
    whole = on_photographs(config)
    return [name for name in config["attacks"] if name not in others and (name in whole) == photographs]


def perturbed_at_once(config: Mapping) -> list[str]:
    """Our attacks on faces that are one job each."""
    return [] if config["shards"] > 1 else our_own(config, photographs=False)


def perturbed_in_shards(config: Mapping) -> list[str]:
    """Our attacks on faces that are several jobs each."""
    return our_own(config, photographs=False) if config["shards"] > 1 else []


def one_by_one(config: Mapping) -> list[str]:
    """Our attacks, on faces and on photographs, that perturb picture by picture, and no whole user at once."""
    return [
        name
        for name in [*our_own(config, photographs=False), *our_own(config, photographs=True)]
        if not plugins.constant(plugins.METHOD, config["attacks"][name]["method"], "WHOLE_USERS", False)
    ]


def imported(config: Mapping, photographs: bool) -> list[str]:
    """Somebody else's perturbed pictures: whole photographs, or aligned faces."""
    whole = on_photographs(config)
    return [name for name in external(config) if (name in whole) == photographs]


def transmitted(config: Mapping) -> list[str]:
    """Whose faces channels take as they are; `clean` stands for the users' own."""
    whole = on_photographs(config)
    return ["clean", *(name for name in config["attacks"] if name not in whole)]


def targeted(config: Mapping) -> list[str]:
    """Attacks that make pictures resemble somebody chosen."""
    return [name for name, record in config["attacks"].items() if "targets" in record]


def perturb_record(config: Mapping, attack: str) -> dict:
    """What the perturbing depends on; targets are a job of their own."""
    return science(config["attacks"][attack], "targets")


def seed(config: Mapping, attack: str) -> int:
    """By which seed an attack draws noise and targets."""
    return seed_of(config, "attacks", attack)


def import_record(config: Mapping, attack: str) -> dict:
    """What importing somebody else's pictures depends on."""
    return science(config["attacks"][attack])


def export_record(config: Mapping, attack: str) -> Mapping | None:
    """What an export is named and prepared by; None for clean faces."""
    return None if attack == "clean" else science(config["attacks"][attack])


def preparation(config: Mapping, attack: str) -> Mapping | None:
    """How an attack resizes the crops; None where it takes them as they are."""
    return config["attacks"][attack].get("preparation")


def made_from(config: Mapping, attack: str) -> int | None:
    """From how many of a user's pictures, the first by name, an attack makes a mask for all; None where it has none."""
    record = config["attacks"][attack]
    if "surrogates" not in record:
        return None
    option = plugins.constant(plugins.METHOD, record["method"], "MADE_FROM", None)
    return option and getattr(plugins.read(plugins.METHOD, record["method"], record.get("options", {})), option)


def shares(config: Mapping, attack: str) -> Mapping:
    """The shares of a mixture; none for another attack."""
    return config["attacks"][attack].get("shares", {})


def surrogate_files(config: Mapping, attack: str) -> list[str]:
    """The extractors that an attack optimizes against."""
    return extractors.files(config["attacks"][attack]["surrogates"])


def surrogate_modules(config: Mapping, attack: str) -> list[str]:
    """The modules that loading an attack's surrogates picks at run time."""
    return extractors.modules_of(config, config["attacks"][attack]["surrogates"])


def perturbing_modules(config: Mapping, attack: str) -> list[str]:
    """The modules that the perturbing picks at run time."""
    return [f"uncloak.attacks.methods.{config['attacks'][attack]['method']}", *surrogate_modules(config, attack)]


def targets_record(config: Mapping, attack: str) -> Mapping:
    """How an attack chooses whom pictures are made to resemble."""
    return config["attacks"][attack]["targets"]


def choosing_surrogates(config: Mapping, attack: str) -> list[str]:
    """The extractors that targets are chosen by; partners need none."""
    return [] if targets_record(config, attack).get("choice") == "partner" else surrogate_files(config, attack)


def chosen_targets(config: Mapping, dataset: str, attack: str, role: str | None = None) -> str | list[str]:
    """The targets of an attack on the users, or on people in a role; nothing where it has none."""
    if attack not in targeted(config):
        return []
    names = {"dataset": dataset, "attack": attack}
    return paths.fill(paths.TARGETS_OF_OTHERS, role=role, **names) if role else paths.fill(paths.TARGETS, **names)


def target_faces(config: Mapping, dataset: str, attack: str) -> str | list[str]:
    """The faces that targets are chosen from; partners have theirs in the same dataset."""
    if attack not in targeted(config):
        return []
    return paths.fill(paths.FACES, dataset=targets_record(config, attack).get("dataset", dataset))


def target_people(config: Mapping, attack: str) -> str | list[str]:
    """Whose faces these are; nothing where the attack has no targets, or where they are among those perturbed."""
    choice = targets_record(config, attack) if attack in targeted(config) else {}
    return roles.listed(config, choice["dataset"], "background") if "dataset" in choice else []


def people(config: Mapping, dataset: str, attack: str, role: str = "user") -> list[str]:
    """Tables of all the people on whose pictures an attack, or `clean`, depends: what is perturbed, and what by.

    A job that follows from an attack is looked at anew whenever one of these is made, and dropped with the attack.
    """
    found = {roles.listed(config, dataset, role)}
    for name in [] if attack == "clean" else evaluated.parts(config, [attack]):
        found |= extractors.people(config, config["attacks"][name].get("surrogates", []))
        if offered := target_people(config, name):
            found.add(offered)
    return sorted(found)


def embedded_people(config: Mapping, dataset: str, extractor: str, posting: str) -> list[str]:
    """The same for embeddings of an attack's pictures, with those whom the extractor and a purifier learn from.

    Clean faces, everybody's, depend on the whole dataset anyhow.
    """
    posted, _, _ = posting.partition("~")
    attack = posted.split(".")[0]
    perturbed_by = [] if posted == "clean" else people(config, dataset, attack)
    return sorted({*perturbed_by, *extractors.people(config, [extractor]), *defenses.people(config, posting)})


def perturbed(dataset: str, attacks: Iterable[str]) -> list[str]:
    """The posted faces of the users, by attack."""
    return [paths.fill(paths.PERTURBED, dataset=dataset, attack=name) for name in attacks]


def perturbed_parts(config: Mapping, dataset: str) -> list[str]:
    """The faces of every attack that the posted pictures of a dataset are made by."""
    return perturbed(dataset, evaluated.parts_of(config, dataset))


def mixed(config: Mapping, dataset: str, attack: str) -> list[str]:
    """The faces that a mixture is put together from."""
    return perturbed(dataset, sorted(shares(config, attack)))


def posted_faces(config: Mapping, dataset: str, attack: str) -> str:
    """The faces of an attack as posted; `clean` stands for the users' own."""
    return paths.fill(paths.FACES, dataset=dataset) if attack == "clean" else perturbed(dataset, [attack])[0]


def posted_perturbed(config: Mapping, dataset: str, attack: str) -> str | list[str]:
    """The same; nothing for `clean`."""
    return [] if attack == "clean" else posted_faces(config, dataset, attack)


def photographs_folder(config: Mapping, dataset: str, attack: str) -> str:
    """The folder with the perturbed photographs: ours, or somebody else's."""
    if attack in external(config):
        return brought.external_folder(config, attack)
    return paths.fill(paths.PERTURBED_PHOTOGRAPHS, dataset=dataset, attack=attack)


def channel_steps(config: Mapping, channel: str | None = None) -> list:
    """What a channel does; none is plain PNG."""
    return config["channels"][channel].get("steps", []) if channel else []


def landmarks(config: Mapping, channel: str | None = None) -> str:
    """By which landmarks the faces of photographs are aligned that were scraped through a channel."""
    return config["channels"][channel].get("landmarks", "found") if channel else "found"


def lpips(config: Mapping, dataset: str) -> list[str]:
    """LPIPS of every attack's pictures, where AlexNet's weights are at hand."""
    if not brought.alexnet_is_there(config):
        return []
    return [paths.fill(paths.LPIPS, dataset=dataset, attack=name) for name in evaluated.parts_of(config, dataset)]


def pictures_of_lpips(config: Mapping, dataset: str, attack: str) -> dict[str, str]:
    """The file that lists or holds an attack's pictures: photographs, or faces."""
    names = {"dataset": dataset, "attack": attack}
    if attack in on_photographs(config):
        return {"table": paths.fill(paths.PERTURBED_PHOTOGRAPHS_TABLE, **names)}
    return {"perturbed": paths.fill(paths.PERTURBED, **names)}


def originals(config: Mapping, dataset: str, attack: str) -> str | list[str]:
    """The folder of the clean photographs, for an attack on photographs."""
    return brought.dataset_folder(config, dataset) if attack in on_photographs(config) else []


def photographs_of_lpips(config: Mapping, dataset: str, attack: str) -> str | list[str]:
    """The folder of the perturbed photographs, for an attack on photographs."""
    return photographs_folder(config, dataset, attack) if attack in on_photographs(config) else []

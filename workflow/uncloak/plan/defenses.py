"""Defenses by what they do: treat faces, drop some, add later ones, take another extractor, or ask a second one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from uncloak import paths
from uncloak.plan import extractors, roles
from uncloak.records import plugins

NONE = "none"


@dataclass(frozen=True)
class Recognizer:
    """What a trainer recognizes with: an extractor and a defense.

    Attributes:
        extractor: as tables name it.
        defense: a record's name, or "none".
        embedder: the extractor that embeds faces, which may be another.
        treated: what stands behind the names of files of treated faces' embeddings; empty where none are treated.
        scraped: the same of scraped faces, which stay as they are where probes alone are treated.
        second: the extractor that is asked, too; None where there is none.
    """

    extractor: str
    defense: str = NONE
    embedder: str = ""
    treated: str = ""
    scraped: str = ""
    second: str | None = None

    @property
    def models(self) -> list[str]:
        """The extractors that answer."""
        return [name for name in (self.embedder, self.second) if name]


def hooks(config: Mapping, defense: str) -> tuple[str, ...]:
    """Which of the hooks a defense has (`uncloak.records.defenses.HOOKS`)."""
    return plugins.constant(plugins.DEFENSE, config["defenses"][defense]["method"], "HOOKS")


def with_hook(config: Mapping, hook: str) -> list[str]:
    """The defenses that have a hook."""
    return [name for name in config["defenses"] if hook in hooks(config, name)]


def options(config: Mapping, defense: str) -> dict:
    """The options of a defense, also those that its record leaves to the method."""
    record = config["defenses"][defense]
    return dict(plugins.read(plugins.DEFENSE, record["method"], record.get("options", {})))


def recognizer(config: Mapping, extractor: str, defense: str) -> Recognizer | None:
    """What a trainer recognizes with; None where the defense has no other extractor for this one."""
    if defense == NONE:
        return Recognizer(extractor, embedder=extractor)
    has = hooks(config, defense)
    embedder = options(config, defense)["extractors"].get(extractor) if "extractor" in has else extractor
    if embedder is None:
        return None
    treated = f"~{defense}" if "faces" in has else ""
    second = options(config, defense)["second"] if "answer" in has else None
    scraped = "" if treats_probes_alone(config, defense) else treated
    return Recognizer(extractor, defense, embedder, treated, scraped, second)


def treats_probes_alone(config: Mapping, defense: str) -> bool:
    """Whether scraped faces stay as they are."""
    return not config["defenses"][defense].get("scraped", True)


def module(config: Mapping, defense: str) -> str:
    """The module that does it, which jobs pick at run time."""
    return f"uncloak.defenses.{config['defenses'][defense]['method']}"


def described(config: Mapping, defense: str) -> dict:
    """What a job that applies a defense must know of it: also what no record says, where its options take it."""
    method = config["defenses"][defense]["method"]
    known = {"seed": config["seed"], "learned": paths.fill(paths.PURIFIER, purifier=defense)}
    given = {key: value for key, value in known.items() if plugins.takes(plugins.DEFENSE, method, key)}
    return {"method": method, "options": {**options(config, defense), **given}}


def scores(config: Mapping, dataset: str, defense: str) -> list[str]:
    """What the detectors of a defense that drops faces say of the faces of a dataset; none where it asks none."""
    return scored_by(dataset, options(config, defense).get("detectors", ()))


def scored_by(dataset: str, detectors: Iterable[str]) -> list[str]:
    """What detectors say of the faces of a dataset."""
    return [paths.fill(paths.SCORES, dataset=dataset, detector=name) for name in detectors]


# Of a file of embeddings, `clean~blur` or `lowkey.half~blur`, the part behind the tilde is the defense.


def treatments(posting: str) -> list[str]:
    """The defense that treats the faces of a posting, if there is one."""
    return [name for name in [posting.partition("~")[2]] if name]


def treatment(config: Mapping, posting: str) -> dict | None:
    """How the faces of a posting are treated before they are embedded; None where they are not."""
    return next((described(config, name) for name in treatments(posting)), None)


def treating(config: Mapping, posting: str) -> list[str]:
    """The module that treats the faces of a posting."""
    return [module(config, name) for name in treatments(posting)]


# Learned purifiers: defenses whose method has a function `learn`, with the options dataset, attacks and features.


def learned(config: Mapping) -> list[str]:
    """The defenses that are learned before they treat faces."""
    return [name for name, record in config["defenses"].items() if learns(record["method"])]


def learns(method: str) -> bool:
    """Whether a method is learned before it treats faces."""
    return plugins.has_function(plugins.DEFENSE, method, "learn")


def purifiers(config: Mapping, posting: str) -> list[str]:
    """The file of what is learned to treat the faces of a posting; none where nothing is."""
    return [paths.fill(paths.PURIFIER, purifier=name) for name in treatments(posting) if name in learned(config)]


def lesson_record(config: Mapping, purifier: str) -> dict:
    """How a purifier learns."""
    return described(config, purifier)


def lesson_faces(config: Mapping, purifier: str) -> str:
    """Clean faces that a purifier learns from."""
    return paths.fill(paths.FACES, dataset=options(config, purifier)["dataset"])


def lesson_people(config: Mapping, purifier: str) -> str:
    """Whose faces these are: public identities."""
    return roles.listed(config, options(config, purifier)["dataset"], "public")


def lesson_files(config: Mapping, purifier: str) -> list[str]:
    """Files with their perturbed faces."""
    given = options(config, purifier)
    attacks = given["attacks"]
    return [path for name in attacks for path in roles.perturbed_others(config, given["dataset"], "public", name)]


def feature_files(config: Mapping, purifier: str) -> list[str]:
    """The extractors that tell a purifier what features a face is to have."""
    return extractors.files(options(config, purifier)["features"])


def learning_modules(config: Mapping, purifier: str) -> list[str]:
    """The modules that learning a purifier picks at run time."""
    return [module(config, purifier), *extractors.modules_of(config, options(config, purifier)["features"])]


def people(config: Mapping, posting: str) -> set[str]:
    """Tables of all the people whom a purifier that treats the faces of a posting, and its extractors, learn from."""
    found = set()
    for name in [each for each in treatments(posting) if each in learned(config)]:
        found |= {lesson_people(config, name), *extractors.people(config, options(config, name)["features"])}
    return found

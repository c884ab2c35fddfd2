"""Defenses by what they do: treat faces, drop some, add later ones, take another extractor, or ask a second one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from uncloak import paths
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
        second: the extractor that is asked, too; None where there is none.
    """

    extractor: str
    defense: str = NONE
    embedder: str = ""
    treated: str = ""
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
    return Recognizer(extractor, defense, embedder, treated, second)


def module(config: Mapping, defense: str) -> str:
    """The module that does it, which jobs pick at run time."""
    return f"uncloak.defenses.{config['defenses'][defense]['method']}"


def described(config: Mapping, defense: str) -> dict:
    """What a job that applies a defense must know of it."""
    return {"method": config["defenses"][defense]["method"], "options": options(config, defense)}


def scores(config: Mapping, dataset: str, defense: str) -> list[str]:
    """What the detectors of a defense that drops faces say of the faces of a dataset; none where it asks none."""
    return scored_by(dataset, options(config, defense).get("detectors", ()))


def scored_by(dataset: str, detectors: Iterable[str]) -> list[str]:
    """What detectors say of the faces of a dataset."""
    return [paths.fill(paths.SCORES, dataset=dataset, detector=name) for name in detectors]


# Of a file of embeddings, `clean~blur` or `lowkey.half~blur`, the part behind the tilde is the defense.


def treatment(config: Mapping, posting: str) -> dict | None:
    """How the faces of a posting are treated before they are embedded; None where they are not."""
    _, _, defense = posting.partition("~")
    return described(config, defense) if defense else None


def treating(config: Mapping, posting: str) -> list[str]:
    """The module that treats the faces of a posting."""
    _, _, defense = posting.partition("~")
    return [module(config, defense)] if defense else []

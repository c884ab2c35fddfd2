"""The transfer of adversarial examples: the objects, and the classifiers that are attacked and tried."""

from collections.abc import Iterable, Mapping

from uncloak import paths
from uncloak.plan import brought
from uncloak.plan.records import science


def objects_are_drawn(config: Mapping) -> bool:
    return config["objects"]["source"] == "drawn"


def objects_record(config: Mapping) -> dict:
    """What the pictures are made from."""
    made_from = ("source", "size", "resize", "pictures", "root")
    return {key: config["objects"][key] for key in made_from if key in config["objects"]}


def objects_modules(config: Mapping) -> list[str]:
    """The module that a source of objects is."""
    return [f"uncloak.transfer.objects.{config['objects']['source']}"]


def recipe(config: Mapping, classifier: str) -> str:
    """How a classifier gets its weights: it is trained here (`train`), or they are published (`weights`)."""
    return "train" if "train" in config["classifiers"][classifier] else "weights"


def made_from(config: Mapping, classifier: str) -> str:
    """The file that a classifier is made from: drawn objects, or published weights."""
    trained = recipe(config, classifier) == "train"
    return paths.OBJECTS if trained else brought.classifier_weights(config, classifier)


def classifier_record(config: Mapping, classifier: str) -> dict:
    """What making a classifier depends on."""
    return science(config["classifiers"][classifier])


def classifier_modules(config: Mapping, classifier: str) -> list[str]:
    """The modules that making a classifier picks at run time."""
    return [*_modules(config, [classifier]), f"uncloak.transfer.recipes.{recipe(config, classifier)}"]


def classifiers(config: Mapping) -> list[str]:
    """The classifiers that are attacked and tried."""
    return config["transfer"]["classifiers"]


def classifier_files(config: Mapping) -> list[str]:
    """Their files."""
    return [paths.fill(paths.CLASSIFIER, classifier=name) for name in classifiers(config)]


def modules(config: Mapping) -> list[str]:
    """The modules that loading them all picks at run time."""
    return _modules(config, classifiers(config))


def record(config: Mapping) -> Mapping:
    """What the attack and its trial depend on."""
    return config["transfer"]


def attack_record(config: Mapping) -> Mapping:
    return config["transfer"]["attack"]


def described_classifiers(config: Mapping) -> dict[str, dict]:
    """Label and release of the classifiers."""
    records = config["classifiers"]
    return {name: {key: records[name][key] for key in ("label", "released")} for name in classifiers(config)}


def classifier_count(config: Mapping) -> int:
    return len(classifiers(config))


def objects_label(config: Mapping) -> str:
    return config["objects"]["label"]


def objects_note(config: Mapping) -> str:
    return config["objects"]["note"]


def _modules(config: Mapping, names: Iterable[str]) -> list[str]:
    networks = {config["classifiers"][name]["network"]["name"] for name in names}
    return sorted(f"uncloak.transfer.networks.{name}" for name in networks)

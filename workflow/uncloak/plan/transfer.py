"""The transfer of adversarial examples: the objects, and the image classifiers that are attacked and tried."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from uncloak import paths
from uncloak.plan.captions import filled
from uncloak.plan.records import science

# What its figure is called in the report, and where it stands there.
TITLE = "Accuracy of image classifiers by release"
CATEGORY = "Do adversarial examples last?"


def objects_are_drawn(config: Mapping) -> bool:
    return config["objects"]["source"] == "drawn"


def objects_record(config: Mapping) -> dict:
    """What the pictures are made from."""
    made_from = ("source", "size", "resize", "pictures", "root")
    return {key: config["objects"][key] for key in made_from if key in config["objects"]}


def objects_modules(config: Mapping) -> list[str]:
    """The module that a source of objects is."""
    return [f"uncloak.transfer.objects.{config['objects']['source']}"]


def recipe(config: Mapping, image_classifier: str) -> str:
    """How an image classifier gets its weights: it is trained here (`train`), or they are published (`weights`)."""
    return "train" if "train" in config["image_classifiers"][image_classifier] else "weights"


def made_from(config: Mapping, image_classifier: str) -> str | list[str]:
    """The drawn objects that an image classifier is trained on; nothing where its weights are published."""
    return paths.OBJECTS if recipe(config, image_classifier) == "train" else []


def image_classifier_record(config: Mapping, image_classifier: str) -> dict:
    """What making an image classifier depends on."""
    return science(config["image_classifiers"][image_classifier])


def image_classifier_modules(config: Mapping, image_classifier: str) -> list[str]:
    """The modules that making an image classifier picks at run time."""
    return [*_modules(config, [image_classifier]), f"uncloak.transfer.recipes.{recipe(config, image_classifier)}"]


def image_classifiers(config: Mapping) -> list[str]:
    """The image classifiers that are attacked and tried."""
    return config["transfer"]["image_classifiers"]


def image_classifier_files(config: Mapping) -> list[str]:
    """Their files."""
    return [paths.fill(paths.IMAGE_CLASSIFIER, image_classifier=name) for name in image_classifiers(config)]


def modules(config: Mapping) -> list[str]:
    """The modules that loading them all picks at run time."""
    return _modules(config, image_classifiers(config))


def record(config: Mapping) -> Mapping:
    """What the attack and its trial depend on."""
    return config["transfer"]


def attack_record(config: Mapping) -> Mapping:
    return config["transfer"]["attack"]


def described(config: Mapping) -> dict[str, dict]:
    """Label and release of the image classifiers."""
    records = config["image_classifiers"]
    return {name: {key: records[name][key] for key in ("label", "released")} for name in image_classifiers(config)}


def objects_label(config: Mapping) -> str:
    return config["objects"]["label"]


def caption(config: Mapping) -> str:
    """The text below the figure, in reStructuredText."""
    objects = config["objects"]
    text = Path(__file__).parents[1].joinpath("transfer", "caption.rst").read_text(encoding="utf-8")
    known = {"n_image_classifiers": len(image_classifiers(config)), "objects": objects["label"], "seed": config["seed"]}
    return f"{filled(text, known, 'uncloak/transfer/caption.rst')}\n{objects['note']}"


def _modules(config: Mapping, names: Iterable[str]) -> list[str]:
    networks = {config["image_classifiers"][name]["network"]["name"] for name in names}
    return sorted(f"uncloak.transfer.networks.{name}" for name in networks)

"""What a user brings: folders of pictures and files of weights, each of which is there or told in one line.

All raise InputError where the user has not put it there.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from uncloak import paths
from uncloak.errors import InputError
from uncloak.provenance import listing_digest

_CHECKOUT = Path(__file__).resolve().parents[3]


def reachable(path: str) -> str:
    """Where a path leads from the working folder, or from this checkout where nothing is there.

    So what comes with the checkout, or was put into it, is found wherever the results go.
    """
    stays = os.path.exists(path) or not (_CHECKOUT / path).exists()
    return path if stays else os.path.relpath(_CHECKOUT / path)


def dataset_folder(config: Mapping, dataset: str) -> str:
    """The folder of a dataset's raw pictures: drawn by us, or the user's."""
    record = config["datasets"][dataset]
    if record["source"] == "drawn":
        return paths.fill(paths.PHOTOGRAPHS, dataset=dataset)
    return _found(
        Path(reachable(config["data"]), record["root"]),
        f"put the dataset '{dataset}' there or set `data` (resources/README.md)",
    )


def dataset_listing(config: Mapping, dataset: str) -> str:
    """A digest of the names and sizes of the user's files: content that a touch or a copy does not change."""
    drawn = config["datasets"][dataset]["source"] == "drawn"
    return "drawn" if drawn else listing_digest(dataset_folder(config, dataset))


def external_folder(config: Mapping, attack: str) -> str:
    """The folder of somebody else's perturbed pictures."""
    return _found(
        Path(reachable(config["data"]), config["attacks"][attack]["root"]),
        f"put the pictures of '{attack}' there or set `data` (resources/README.md)",
    )


def external_listing(config: Mapping, attack: str) -> str:
    """A digest of the names and sizes of somebody else's files."""
    return listing_digest(external_folder(config, attack))


def objects_folder(config: Mapping) -> str | list[str]:
    """The folder of ImageNet's pictures, or nothing where objects are drawn."""
    if config["objects"]["source"] == "drawn":
        return []
    return _found(
        Path(reachable(config["data"]), config["objects"]["root"]),
        "put ImageNet's validation pictures there, one folder per class, or set `data` (resources/README.md)",
    )


def objects_listing(config: Mapping) -> str:
    """A digest of the names and sizes of ImageNet's files."""
    drawn = config["objects"]["source"] == "drawn"
    return "drawn" if drawn else listing_digest(objects_folder(config))


def extractor_weights(config: Mapping, extractor: str) -> str | list[str]:
    """The published weights of an extractor, or nothing: a black box may have none."""
    weights = config["extractors"][extractor].get("weights")
    return _published(config, weights) if weights else []


def image_classifier_weights(config: Mapping, image_classifier: str) -> str:
    """The published weights of an image classifier."""
    return _published(config, config["image_classifiers"][image_classifier]["weights"])


def alexnet(config: Mapping) -> str:
    """Where AlexNet's weights belong, which LPIPS needs; they need not be there."""
    return str(Path(reachable(config["weights"]), "alexnet-owt-7be5be79.pth"))


def alexnet_is_there(config: Mapping) -> bool:
    return os.path.exists(alexnet(config))


def perceptual_weights(config: Mapping, attack: str) -> str | list[str]:
    """AlexNet's weights where the attack's perceptual term is LPIPS, else nothing."""
    record = config["attacks"][attack]
    term = record.get("options", {}).get("perceptual", "lpips")
    if record["method"] != "lowkey" or term != "lpips":
        return []
    advice = "get torchvision's AlexNet weights (resources/README.md), or set the attack's option perceptual to dssim"
    return _found(alexnet(config), advice)


def detector_weights(config: Mapping, detector: str) -> str | list[str]:
    """The published weights that a detector starts from, or nothing."""
    if config["detectors"][detector].get("weights", "imagenet") == "scratch":
        return []
    advice = "get torchvision's MobileNetV2 weights (resources/README.md), or give the detector `weights: scratch`"
    return _found(Path(reachable(config["weights"]), "mobilenet_v2-b0353104.pth"), advice)


def _published(config: Mapping, weights: Mapping) -> str:
    advice = f"get it from {weights['origin']}, or set `weights` (resources/README.md)"
    return _found(Path(reachable(config["weights"]), weights["file"]), advice)


def _found(path: str | Path, advice: str) -> str:
    if not os.path.exists(path):
        raise InputError(f"{path}: not found; {advice}")
    return str(path)

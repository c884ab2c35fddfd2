"""Transfer of adversarial examples over time (ICLR 2022, Figure 3 and Table 4): pictures, and image classifiers."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag, field_validator

from uncloak.records import plugins
from uncloak.records.base import AnyNames, Count, Names, Positive, Record, Released, Text, Triple, field, listed, one_of
from uncloak.records.extractors import Schedule, named
from uncloak.records.published import Published


class DrawnPictures(Record):
    """Pictures drawn of each class."""

    train: Count = field("To train classifiers on.")
    validation: Count = field("To tell the accuracy of a training.")
    test: Count = field("To attack.")


class ReadPictures(Record):
    """Pictures read of each class."""

    train: Count | None = field("Of drawn objects; not used.", None)
    validation: Count | None = field("Of drawn objects; not used.", None)
    test: Count = field("To attack.")


class Objects(Record):
    """What all pictures to classify have."""

    label: Text = field("Name in figures.")
    note: Text = field("What a reader of the figure must know about the pictures.")
    size: int = field("Side of a picture.", ge=8, le=4096, unit="pixels")


class DrawnObjects(Objects):
    """Objects drawn by a program."""

    source: Literal["drawn"] = field("Drawn by a program.")
    pictures: DrawnPictures = field("Pictures of each class.")


class FolderObjects(Objects):
    """ImageNet's validation pictures, in a folder."""

    source: Literal["folder"] = field("ROOT/CLASS/*, classes in sorted order.")
    root: Text = field("Folder of the pictures, relative to `data`.")
    resize: Count = field("Shorter side before the middle square is cut out.", unit="pixels")
    pictures: ReadPictures = field("Pictures of each class.")


AnyObjects = one_of("source", {"drawn": DrawnObjects, "folder": FolderObjects})


class PictureInput(Record):
    """What the network expects."""

    size: int = field("Side of a picture.", ge=8, le=4096, unit="pixels")
    mean: Triple = field("Subtracted from values in 0..1.")
    std: listed(Positive, 3, 3) = field("Divided by.")


class ClassifierWeights(Published):
    """A file of published weights, checked by its hash or by the digits of it that end its name."""

    sha256: str | None = field("Its hash, or at least its first eight digits.", None, pattern="^[0-9a-f]{8,64}$")


class ImageClassifier(Record):
    """What every image classifier has."""

    label: Text = field("Name in figures.")
    released: Released = field("Day on which its paper appeared.")
    network: named(plugins.CLASSIFIER_NETWORK) = field("A module of uncloak/transfer/networks, and its options.")
    input: PictureInput = field("What the network expects.")


class TrainedImageClassifier(ImageClassifier):
    """An image classifier trained on the drawn objects."""

    train: Schedule = field("How it is trained.")


class PublishedImageClassifier(ImageClassifier):
    """An image classifier with published weights."""

    weights: ClassifierWeights = field("Its published weights.")


class Transfer(Record):
    """Adversarial examples made for old image classifiers, and whom they fool later."""

    surrogates: Names = field("Image classifiers that the attack knows.")
    image_classifiers: AnyNames = field("Image classifiers tried; none leaves the experiment out.")
    attack: Any = field("Options of PGD.")

    @field_validator("attack")
    @classmethod
    def _typed(cls, options: object) -> object:
        return plugins.read(plugins.METHOD, "pgd", options)


def _kind(values: Any) -> str | None:
    if isinstance(values, TrainedImageClassifier | PublishedImageClassifier):
        return "<weights>" if isinstance(values, PublishedImageClassifier) else "<train>"
    known = [key for key in ("train", "weights") if isinstance(values, dict) and key in values]
    return f"<{known[0]}>" if known else None


AnyImageClassifier = Annotated[
    Annotated[TrainedImageClassifier, Tag("<train>")] | Annotated[PublishedImageClassifier, Tag("<weights>")],
    Discriminator(_kind, "fault", "has neither `train` nor `weights`; say where its weights are from"),
]

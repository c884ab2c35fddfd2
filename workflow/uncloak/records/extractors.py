"""Extractors: differentiable maps from faces to embeddings, by recipe."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from uncloak.crops import TEMPLATES, UnfitCrop, seen
from uncloak.records import plugins
from uncloak.records.base import (
    AnyNames,
    Count,
    Name,
    Names,
    Positive,
    Record,
    Released,
    Seed,
    Seeds,
    Share,
    Source,
    Text,
    Triple,
    fault,
    field,
    listed,
    one_of,
)
from uncloak.records.published import Published

Precision = Literal["auto", "float32", "bfloat16"]
PRECISION = "Of forward and backward passes; auto: bfloat16 where the device computes in it natively, else float32."

# The name of a crop, or five points; which of them, `base.one_of` says how errors leave out.
Template = Annotated[
    Annotated[Literal[*TEMPLATES], Tag("<name>")] | Annotated[listed(listed(float, 2, 2), 5, 5), Tag("<points>")],
    Discriminator(lambda value: "<name>" if isinstance(value, str) else "<points>"),
]


class Named(Record):
    """A plug-in by its module's name, with its options."""

    name: Name = field("Name of the module.")
    options: Record = field("The options beside the name, typed by that module.")

    def plain(self) -> dict[str, Any]:
        """Return the mapping as it was written."""
        return {"name": self.name, **self.options.model_dump(mode="json", exclude_unset=True)}


def named(kind: plugins.Kind) -> Any:
    """Return the type of a mapping with a plug-in's `name` and, beside it, the plug-in's options."""

    def read(values: object) -> object:
        if not isinstance(values, dict) or "name" not in values:
            raise fault(f"names no {kind.noun}; write {{name: {plugins.names(kind)[0]}}}")
        options = {key: value for key, value in values.items() if key != "name"}
        return Named.model_construct(name=values["name"], options=plugins.read(kind, values["name"], options))

    return Annotated[Any, AfterValidator(read), kind]


class Crop(Record):
    """What of a picture an extractor sees."""

    size: listed(Count, 2, 2) = field("Height and width.", unit="pixels")
    template: Template | None = field(
        "Where the extractor expects the five points: a name, or their [x, y] in pixels of its input, centers of pixels"
        " being whole numbers: left eye, right eye, nose, left and right corner of the mouth, left being the viewer's."
        " mtcnn_box: the box that MTCNN finds around a face, as it lies on average about the points, stretched to"
        " `size`.",
        None,
    )
    box: listed(float, 4, 4) | None = field(
        "Or the edges of the extractor's crop, stretched to `size`: left, top, right, bottom in pixels of ArcFace's"
        " crop, whose own are 0 and 112.",
        None,
    )
    margin: int = field(
        "How many of the pixels of `size`, both sides together, lie beyond the template's crop or the box, as"
        " facenet-pytorch counts its margin.",
        0,
        ge=0,
        unit="pixels",
    )

    def plain(self) -> dict[str, Any]:
        """Return the mapping as it was written."""
        return self.model_dump(mode="json", exclude_unset=True)

    @model_validator(mode="after")
    def _fit(self) -> "Crop":
        try:
            seen(self.size, self.template, self.box, self.margin)
        except UnfitCrop as error:
            raise fault(str(error)) from None
        return self


class Input(Crop):
    """What the network expects; all of it is part of the extractor and differentiable."""

    mean: Triple = field("Subtracted from values in 0..1.")
    std: listed(Positive, 3, 3) = field("Divided by.")
    color: Literal["rgb", "bgr"] = field("Order of the channels.")


class Shares(Record):
    """Of a batch; they add up to 1."""

    background: Share = field("Of background identities.")
    clean: Share = field("Clean faces of public identities.")
    perturbed: float = field("Perturbed faces of public identities.", gt=0, le=1)

    @model_validator(mode="after")
    def _whole(self) -> "Shares":
        whole = self.background + self.clean + self.perturbed
        if abs(whole - 1) > 1e-6:
            raise fault(f"they add up to {whole:g}, not to 1; change one")
        return self


class Public(Record):
    """Robust training (ICLR 2022, section 3.3) on clean and perturbed faces of public identities."""

    dataset: Name = field("Dataset whose public identities are learned; its record says whom each attack perturbs.")
    attacks: Names = field("Attacks whose pictures are learned.")
    held_out: Count = field("Public identities left out of training, for validation and tuning.")
    rehearsal: int = field("Pictures of each background identity that are learned again.", ge=0)
    strengths: listed(Annotated[float, Field(gt=0, le=4)], 1) = field(
        "How strong each perturbed face is learned: 1 is as its attack made it, 1.5 differs half as much again.", (1.0,)
    )
    shares: Shares = field("Of a batch.")
    anchor: float = field(
        "Weight of the cosine between a face's embedding and the one that the original extractor gives its clean face.",
        ge=0,
    )


class Adversarial(Record):
    """Adversarial training (Madry et al. 2018), which also makes cloaks transfer less (Fawkes, section 8.1)."""

    epsilon: float = field("Largest change of a value, of 1.", gt=0, le=1)
    steps: Count = field("Of PGD against the network as it stands; each costs as much as the learning itself.")
    step_size: float | None = field("Of 1; 2.5 epsilon / steps unless given.", None, gt=0, le=1)
    random_start: bool = field("Whether PGD starts somewhere in the ball instead of at the picture.", True)


class Schedule(Record):
    """How long and how a network learns, and how its pictures are varied."""

    iterations: Count = field("Batches learned.")
    batch: int = field("Pictures in a batch.", 96, ge=2, le=10**6)
    learning_rate: Positive = field("Largest rate, after the warm-up.", 3e-3)
    weight_decay: float = field("Of the optimizer.", 0.02, ge=0)
    warm_up: Share = field("Share of the iterations.", 0.08)
    shift: int = field("Largest shift of a picture.", 1, ge=0, le=4096, unit="pixels")
    color: float = field("Largest relative change of a color channel.", 0.1, ge=0)
    erase: Share = field("Share of pictures with an erased rectangle.", 0.0)
    noise: float = field("Largest standard deviation of added noise, of 1.", 0.0, ge=0)
    precision: Precision | None = field(f"{PRECISION} The configuration's unless given.", None)
    optimizer: Literal["adamw", "sgd"] = field("Who takes the steps; sgd with momentum.", "adamw")
    momentum: float = field("Of sgd.", 0.9, ge=0, lt=1)
    drops: listed(Share) = field(
        "Shares of the iterations after which the rate is multiplied by `drop`; without any it falls along half a"
        " cosine to zero.",
        (),
    )
    drop: float = field("Factor at each of `drops`.", 0.1, gt=0, lt=1)
    adversarial: Adversarial | None = field(
        "How pictures are perturbed against the network while it learns them.", None
    )

    @model_validator(mode="after")
    def _used(self) -> "Schedule":
        if "momentum" in self.model_fields_set and self.optimizer != "sgd":
            raise fault(f"momentum is of sgd, and the optimizer is {self.optimizer}; remove one")
        if "drop" in self.model_fields_set and not self.drops:
            raise fault("drop says how far the rate drops, and drops not when; give drops")
        return self


class Training(Schedule):
    """How an extractor is trained."""

    data: Name = field("Dataset whose background identities are learned.")
    held_out: Count = field("Background identities left out of training, for validation and tuning.")
    loss: named(plugins.OBJECTIVE) = field("A module of uncloak/extractors/objectives and its options.")


class RobustTraining(Training):
    """How an extractor is tuned, on public identities too where `public` says whom."""

    public: Public | None = field("Public identities whose clean and perturbed faces are learned.", None)


class HashedFile(Published):
    """A published file, checked by its hash."""

    sha256: str | None = field(
        "Its hash. Where nobody published one, using the file tells its own, to be written here if it is trusted.",
        None,
        pattern="^[0-9a-f]{64}$",
    )


class Weights(HashedFile):
    """A file of published weights."""

    format: Literal["torch", "npz", "safetensors", "dlib", "keras", "onnx"] = field("Of the file.")
    drop: listed(Text) = field(
        "Tensors of the file that the network has no use for (a head, a tower), by their names or what these begin with"
        " before a dot.",
        (),
    )


class Thresholds(Record):
    """Below which distance two faces count as one person's, measured on pairs of different people."""

    dataset: Text = field("Whose faces they were measured on.")
    pairs: Count = field("Pairs of faces of different people.")
    metric: Literal["euclidean", "cosine"] = field("Distance between embeddings.", "euclidean")
    false_accept_rates: listed(Annotated[float, Field(gt=0, lt=1)], 1) = field("Shares of these pairs...")
    distances: listed(Annotated[float, Field(ge=0)], 1) = field("... that lie below these distances.")

    @model_validator(mode="after")
    def _paired(self) -> "Thresholds":
        if len(self.distances) != len(self.false_accept_rates):
            raise fault(f"{len(self.distances)} distances for {len(self.false_accept_rates)} rates; give one each")
        return self


class Extractor(Record):
    """What every extractor has."""

    label: Text = field("Name in figures.")
    released_source: Source = field("What was public on the day `released`, and where that stands.", None)
    trained_on: AnyNames = field(
        "Published data sets whose people it has learned, such as vggface2, by the names of datasets' `same_people`;"
        " those of the extractor it is made from count, too. Background and public people of a run need no name: they"
        " are never users.",
        (),
    )
    largest_clean_error: Share | None = field(
        "Its numbers enter the tables of a dataset only where its error without attack is at most this; always unless"
        " given.",
        None,
    )
    thresholds: Thresholds | None = field("When an audit takes two faces for one person's, by false-accept rate.", None)


class Pixels(Extractor):
    """No network: the pixels are the embedding."""

    recipe: Literal["pixels"] = field("The pixels themselves.")
    released: Released | None = field("Not needed.", None)
    network: named(plugins.NETWORK) = field("A module of uncloak/extractors/networks, and its options.")
    input: Input = field("What the network expects.")


class Imported(Extractor):
    """A network with published weights."""

    recipe: Literal["import"] = field("Published weights.")
    released: Released = field("Day on which the last component of the model was published.")
    network: named(plugins.NETWORK) = field("A module of uncloak/extractors/networks, and its options.")
    input: Input = field("What the network expects.")
    weights: Weights = field("Published weights.")


class Learned(Extractor):
    """What every extractor has that is trained here."""

    seed: Seed | None = field("First weights and batches are drawn by it; by the configuration's unless given.", None)
    seeds: Seeds = field("Others by which it is trained anew, each as NAME_seed_SEED, for the experiment `seeds`.", ())


class Trained(Learned):
    """A network trained from scratch."""

    recipe: Literal["train"] = field("Trained from scratch.")
    released: Released = field("Day on which the last component of the model was published.")
    network: named(plugins.NETWORK) = field("A module of uncloak/extractors/networks, and its options.")
    input: Input = field("What the network expects.")
    train: Training = field("How it is trained.")


class Finetuned(Learned):
    """An extractor tuned from another."""

    recipe: Literal["finetune"] = field("Tuned from another extractor.")
    released: Released = field("Day on which the last component of the model was published.")
    origin: Name = field("Extractor that is tuned.", alias="from")
    train: RobustTraining = field("How it is tuned.")


class BlackBox(Extractor):
    """An extractor that others run, of which embeddings are known alone: it has no gradients and no weights."""

    recipe: Literal["black_box"] = field("Run by others.")
    released: Released = field("Day on which the last component of the model was published.")
    box: named(plugins.BLACK_BOX) = field("A module of uncloak/extractors/black_boxes, and its options.")
    crop: Crop = field("What the box gets, in 8 bits.")
    weights: HashedFile | None = field("The file that the box runs, if it is one that takes a file.", None)
    version: Text | None = field(
        "Of what the box runs and no hash tells, a service or code of your own: a change embeds all faces anew.",
        None,
    )

    @model_validator(mode="after")
    def _take_its_file(self) -> "BlackBox":
        takes = plugins.takes(plugins.BLACK_BOX, self.box.name, "weights")
        if takes != (self.weights is not None):
            advice = "runs a file; name it by `weights`" if takes else "runs no file; remove `weights`"
            raise fault(f"the black box {self.box.name} {advice}")
        return self


class Interpolated(Extractor):
    """An extractor between another and what that was tuned to, by its weights (ICLR 2022, appendix B.3)."""

    recipe: Literal["interpolate"] = field("Weights between those of two extractors.")
    released: Released = field("Day on which the last component of the model was published.")
    origin: Name = field("Extractor at alpha 0.", alias="from")
    tuned: Name = field("Extractor at alpha 1, of the same architecture.", alias="to")
    alpha: Share = field("Share of the second: weights are (1 - alpha) * from + alpha * to.")


def architecture(record: Pixels | Imported | Trained) -> dict[str, Any]:
    """Return the network and the input of a record as plain mappings, from which its extractor is built."""
    return {"network": record.network.plain(), "input": record.input.plain()}


AnyExtractor = one_of(
    "recipe",
    {
        "pixels": Pixels,
        "import": Imported,
        "train": Trained,
        "finetune": Finetuned,
        "interpolate": Interpolated,
        "black_box": BlackBox,
    },
)

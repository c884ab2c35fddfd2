"""Attacks: what a user does to pictures before posting them; and channels: what happens to them afterwards."""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from uncloak.records import plugins
from uncloak.records.base import (
    Count,
    Name,
    Names,
    Record,
    Released,
    Seed,
    Seeds,
    Source,
    Text,
    fault,
    field,
    listed,
    one_of,
)
from uncloak.records.extractors import PRECISION, Precision


class Farthest(Record):
    """Fawkes v0.3's choice among the twenty of these background identities that are farthest from the user."""

    choice: Literal["farthest"] = field("Far from the user.", "farthest")
    dataset: Name = field("Dataset whose background identities are chosen from.")
    people: Count = field("Identities offered.")
    pictures: Count = field("Pictures offered of each.")
    separate: bool = field("Choose anew for each picture (its option --separate_target).", False)


class Average(Farthest):
    """One of these background identities, at the average of their distances: Fawkes, section 8.2, against detection."""

    choice: Literal["average"] = field("As far from the user as these people are on average.")


class Partner(Record):
    """Another user, so that users collude in a ring (ICLR 2022, Appendix D)."""

    choice: Literal["partner"] = field("The next user of a ring.")


Targets = one_of("choice", {"farthest": Farthest, "average": Average, "partner": Partner}, default="farthest")


class Preparation(Record):
    """At which size an attack works: how the face crops are resized before it, and what is posted of them after it."""

    size: int = field("Side of the crops, 112 or 224 in the published tools.", ge=11, le=4096, unit="pixels")
    stretch: Literal["none", "minmax", "max"] = field(
        "Fawkes' contrast stretch, of keras-preprocessing 1.1.2 (minmax) or 1.1.0 (max).", "none"
    )
    times: Literal[1, 2] = field("2: resized, so stretched, twice, as in Fawkes' eval_local.", 1)
    padding: Literal["none", "corner", "mean"] = field(
        "Fawkes' square: black with the crop in its corner (v0.3), or its mean color around the crop (v1.0).", "none"
    )
    merge: Literal["none", "clean", "original"] = field(
        "What is posted: the crops as they were resized and perturbed (none), or the dataset's faces, at their size,"
        " with the cloak resized back and added: as a difference in floats (clean), or after the tool's 8-bit resizing"
        " with its stretch (original).",
        "none",
    )

    @model_validator(mode="after")
    def _fit(self) -> "Preparation":
        if self.merge == "original" and self.stretch == "none":
            raise fault("merge 'original' resizes as the tool does, with a stretch; name it, or choose merge 'clean'")
        if self.times == 2 and self.stretch == "none":
            raise fault("times 2 stretches twice, and there is no stretch; name one, or leave out times")
        return self


class Frame(Record):
    """What of a photograph the surrogates see: LowKey and PGD work through the alignment, Fawkes on the crop."""

    size: int | None = field(
        "Side of the face crop; the dataset's face_size unless given.", None, ge=11, le=4096, unit="pixels"
    )
    warp: Literal["exact", "original"] = field(
        "LowKey and PGD: exact, as the trainer aligns; original, with the published code's fit and half-pixel shift.",
        "exact",
    )
    frame: Literal["aligned", "box"] = field(
        "The crop is the five-point alignment, or the published tool's box around the face (Fawkes).", "aligned"
    )
    merge: Literal["clean", "original"] = field(
        "The difference is merged in floats, or (frame box only) after the tool's 8-bit resizing.", "clean"
    )
    stretch: Literal["minmax", "max"] = field("Contrast stretch of merge original; see preparation.", "minmax")

    @model_validator(mode="after")
    def _fit(self) -> "Frame":
        if self.frame == "aligned" and self.merge == "original":
            raise fault("merge 'original' needs frame 'box'; choose both, or merge 'clean'")
        if "stretch" in self.model_fields_set and self.merge == "clean":
            raise fault("stretch is that of merge 'original'; choose both, or leave out stretch")
        if "warp" in self.model_fields_set and self.frame == "box":
            raise fault("warp is of frame 'aligned', and a box is not warped; leave one out")
        return self


class Attack(Record):
    """What every attack has."""

    label: Text = field("Name in figures.")
    released: Released = field("Day on which it was published.")
    released_source: Source = field("What was public on that day, and where that stands.", None)


class Method(Attack):
    """One of our methods."""

    method: Name = field("A module of uncloak/attacks.")
    surrogates: Names = field("Extractors that the attack optimizes against.")
    options: Any = field("Options of the method; those not given are the published ones.", {}, validate_default=True)
    targets: Targets | None = field(
        "Whom the pictures are made to resemble. Fawkes v0.3 needs it; LowKey, Fawkes v1.0 and PGD are made targeted by"
        " it, and else only move away from the user.",
        None,
    )
    preparation: Preparation | None = field(
        "At which size the attack works; at that of the dataset's faces, and on these, unless given.", None
    )
    photograph: Frame | None = field("Perturb whole photographs, which the trainer then detects and aligns anew.", None)
    precision: Precision | None = field(f"{PRECISION} The configuration's unless given.", None)
    seed: Seed | None = field("Noise and targets are drawn by it; by the configuration's unless given.", None)
    seeds: Seeds = field("Others by which pictures are perturbed anew, each as NAME_seed_SEED, for `seeds`.", ())
    compile: bool = field("Compile the surrogates first; worth its minutes on a GPU.", False)
    batch: Count | None = field(
        "Pictures perturbed together: unless given, 1 photograph; of crops 32 on a GPU, and on a processor as many as"
        " have 65,536 pixels, a power of two (16 of 64 pixels, 4 of 112). Memory grows with it; a batch is what one"
        " core gets, and one that is not full takes as long as a full one.",
        None,
    )

    @field_validator("method")
    @classmethod
    def _known(cls, method: str) -> str:
        plugins.find(plugins.METHOD, method, ("mixture", "external"))
        return method

    @field_validator("options")
    @classmethod
    def _typed(cls, options: object, info: ValidationInfo) -> object:
        return plugins.read(plugins.METHOD, info.data["method"], options) if "method" in info.data else options


class Mixture(Attack):
    """Pictures of several attacks by share."""

    method: Literal["mixture"] = field("Pictures of several attacks by share.")
    shares: dict[Name, Annotated[float, Field(gt=0, le=1)]] = field(
        "Share of a user's pictures that each attack perturbs.", min_length=2
    )

    @model_validator(mode="after")
    def _whole(self) -> "Mixture":
        whole = sum(self.shares.values())
        if abs(whole - 1) > 1e-9:
            raise fault(f"shares add up to {whole:g}, not to 1; change one")
        return self


class External(Attack):
    """Somebody else's perturbed pictures."""

    method: Literal["external"] = field("Somebody else's perturbed pictures.")
    root: Text = field("Folder with the pictures, relative to `data`.")
    layout: Literal["folder", "facescrub", "flat"] = field(
        "folder: ROOT/IDENTITY/FILE; facescrub: ROOT/IDENTITY/face/FILE; flat: ROOT/FILE."
    )
    name: str = field(
        "Name of a perturbed file, such as {stem}_attacked or {stem}_high_cloaked.png.", pattern=r"\{stem\}"
    )
    pictures: Literal["faces", "photographs"] = field(
        "What the files show: aligned square faces, or whole photographs of the dataset's sizes."
    )
    missing: Literal["error", "clean", "drop"] = field(
        "What becomes of a posted picture without a file, of which tools leave some where they find no face. error: the"
        " run ends, and names them. clean: it is posted as it is. drop: it is not posted; in its place another of the"
        " user's perturbed pictures stands twice, which leaves the nearest faces as they are.",
        "error",
    )
    preparation: Preparation | None = field("How the tool resized the crops that it was given.", None)


AnyAttack = one_of("method", {"mixture": Mixture, "external": External, "ours": Method}, other="ours")


class Jpeg(Record):
    """Encoded as JPEG and decoded."""

    method: Literal["jpeg"] = field("A JPEG file.")
    quality: int = field("As libjpeg scales its tables.", ge=1, le=100)
    subsampling: Literal["4:2:0", "4:2:2", "4:4:4"] = field("Of the colors.", "4:2:0")


class Blur(Record):
    """Gaussian blur."""

    method: Literal["blur"] = field("A Gaussian blur.")
    sigma: float = field("Standard deviation.", gt=0, le=1000, unit="pixels")


class Resize(Record):
    """Made smaller by this factor, then brought back to its size."""

    method: Literal["resize"] = field("A thumbnail enlarged again.")
    factor: float = field("Side of the thumbnail, of the picture's.", gt=0, lt=1)


class Channel(Record):
    """What happens to a posted picture before it is scraped."""

    label: Text = field("Name in figures.")
    steps: listed(one_of("method", {"jpeg": Jpeg, "blur": Blur, "resize": Resize})) = field(
        "What happens to the picture, in this order; nothing, but for landmarks clean, is no channel.", ()
    )
    landmarks: Literal["found", "clean"] = field(
        "What the trainer aligns the face of a whole photograph by: the landmarks found in what was scraped, or those"
        " of the clean photograph, which tells what a cloak does to the embedding from what it does to the detector.",
        "found",
    )

    @model_validator(mode="after")
    def _does_something(self) -> "Channel":
        if not self.steps and self.landmarks == "found":
            raise fault("steps is empty, which is plain PNG; name a step, or landmarks 'clean'")
        return self

    @field_validator("steps", mode="before")
    @classmethod
    def _no_purifier(cls, steps: object) -> object:
        """Refuse to purify the users' pictures alone, which no trainer could: nobody knows who cloaks."""
        for step in steps if isinstance(steps, list | tuple) else ():
            method = step.get("method") if isinstance(step, dict) else None
            if method not in ("jpeg", "blur", "resize") and method in plugins.names(plugins.DEFENSE):
                raise fault(
                    f"'{method}' is what a trainer does, who treats everybody's pictures, and a channel changes those"
                    " of users alone; write it under `defenses`"
                )
        return steps

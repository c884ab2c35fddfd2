"""Datasets: where pictures come from, how their faces are aligned, and who of their people is what."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from uncloak.fetchers import FETCHERS
from uncloak.layouts import LAYOUTS
from uncloak.records.base import (
    AnyNames,
    Count,
    Name,
    Names,
    Record,
    Seed,
    Seeds,
    Text,
    fault,
    field,
    listed,
    one_of,
    unique,
)

# Names of people, as their folders have them.
_People = Annotated[listed(Text, 1), AfterValidator(unique)]


class Alignment(Record):
    """How faces are found."""

    face_detector: Literal["mtcnn", "none"] = field("none: pictures are aligned faces already.")
    minimum_face: Count = field("Smallest face looked for.", 40, unit="pixels")

    @model_validator(mode="after")
    def _used(self) -> Self:
        if "minimum_face" in self.model_fields_set and self.face_detector == "none":
            raise fault("minimum_face is for faces to be found, and face_detector none looks for none; remove one")
        return self


class Roles(Record):
    """Number of identities that are given each role by lot; the others are "other": in the gallery, with probes."""

    user: Count | None = field(
        "Who attack: their gallery faces are perturbed. Not given where `users` names them.", None, unit="identities"
    )
    public: int = field("Whose faces the trainer perturbs to learn from.", 0, ge=0, unit="identities")
    detector: int = field("Whose faces detectors of cloaks are trained and tested on.", 0, ge=0, unit="identities")
    background: int = field("Who extractors are trained on.", 0, ge=0, unit="identities")
    distractor: int = field(
        "Who are in the gallery alone, with all their pictures: none is a probe.", 0, ge=0, unit="identities"
    )


class Split(Record):
    """Gallery and probes, and roles."""

    gallery: float = field("Share of an identity's pictures that is scraped.", gt=0, lt=1)
    minimum_pictures: int = field("Fewest pictures of an identity.", ge=2)
    too_few: Literal["error", "drop"] = field("What to do with identities that have fewer pictures.")
    users: _People | None = field("Who attack, all of them, by name: then no lot is drawn for `roles.user`.", None)
    roles: Roles = field("Number of identities in each role.", {}, validate_default=True)
    user_minimum_pictures: int = field("Fewest pictures of a user.", ge=2)

    @model_validator(mode="after")
    def _users_are_named_or_drawn(self) -> Self:
        if self.users and self.roles.user:
            raise fault("`users` names them, and `roles.user` draws them by lot; keep one (the other: `user: null`)")
        if not self.users and not self.roles.user:
            raise fault("there are no users; name them in `users`, or draw some by lot: `roles: {user: NUMBER}`")
        return self

    def people(self, role: str) -> int:
        """Return how many identities have a role by name or by lot."""
        return len(self.users) if role == "user" and self.users else getattr(self.roles, role)


class PublicFaces(Record):
    """Public identities, for robust training."""

    identities: dict[Name, Count] = field(
        "How many public identities are perturbed by each attack (ICLR 2022, Table 1: 265, 50 and 150), the first of"
        " one seeded order, so that smaller sets lie in larger ones."
    )
    pictures: Count | None = field("Pictures of each identity; all unless given.", None)
    shards: int = field("Jobs into which an attack's pictures are divided.", 1, ge=1, le=1000)


class DetectorFaces(Record):
    """Identities of role detector, by the attacks that experiments.detection names."""

    pictures: Count | None = field("Gallery pictures of each identity; all unless given.", None)
    shards: int = field("Jobs into which an attack's pictures are divided.", 1, ge=1, le=1000)


class Perturbed(Record):
    """Whose faces the trainer perturbs with the users' tools, beside the users' own."""

    public: PublicFaces | None = field("Public identities, for robust training.", None)
    detector: DetectorFaces | None = field("Identities of role detector.", None)


class Prolific(Record):
    """The first identities, with more pictures."""

    people: Count = field("Identities with more pictures.")
    pictures: Count = field("Pictures drawn of each of them.")


class Dataset(Record):
    """What every dataset has."""

    label: Text = field("Name in figures.")
    note: Text | None = field("What a reader of the figures must know about the pictures.", None)
    face_size: int = field("Side S of the aligned faces, margin included.", ge=32, le=4096, unit="pixels")
    margin: int = field(
        "What the faces show beyond ArcFace's crop of 112 x 112 on each side, in its pixels: as much as the run's"
        " extractors look at (a run tells at its start where one looks farther). With face_detector none, what the"
        " pictures show already.",
        0,
        ge=0,
        le=112,
        unit="pixels of the 112 crop",
    )
    perturb: Perturbed | None = field("Whose faces the trainer perturbs.", None)

    def crop(self) -> str:
        """Return size and margin of the faces in words, equal for faces that may lie in one array."""
        return f"{self.face_size} pixels" + (f" with margin {self.margin}" if self.margin else "")


class Photographs(Dataset):
    """What datasets of photographs have, which can be evaluated."""

    alignment: Alignment = field("How faces are found.")
    split: Split = field("Gallery and probes, and roles.")
    extractors: Names | None = field("Extractors evaluated here; those of run unless given.", None)
    attacks: Names | None = field("Attacks evaluated here; those of run unless given.", None)
    same_people: AnyNames = field(
        "Published data sets that hold people of this one, besides itself; extractors `trained_on` one are marked.", ()
    )
    seed: Seed | None = field("Users and probes are drawn by it; by the configuration's unless given.", None)
    seeds: Seeds = field("Others by which they are drawn anew, each as NAME_seed_SEED, for the experiment `seeds`.", ())
    pictures_of: Name | None = field(
        "Dataset whose faces these are, and whose people in other roles keep them: of its users and others, users are"
        " drawn anew. What `seeds` make of it.",
        None,
    )
    visibility: bool = field("Whether it is measured and drawn how much the attacks show.", True)


class Drawn(Photographs):
    """Photographs of people drawn by a program."""

    source: Literal["drawn"] = field("Photographs drawn by a program.")
    people: Count = field("Identities drawn.")
    pictures: Count = field("Pictures drawn of each identity.")
    prolific: Prolific | None = field("The first identities, with more pictures.", None)
    size: int = field("Side of a photograph.", ge=112, le=4096, unit="pixels")
    variation: float = field(
        "How far pose, gaze, brows, blur and noise differ from picture to picture.", 1.0, gt=0, le=2
    )
    quality: int = field("Of the JPEG files.", 95, ge=1, le=100)


class Place(Record):
    """Where photographs are."""

    root: Text = field("Their folder, relative to `data`.")
    fetch: Literal[tuple(FETCHERS)] | None = field(
        "Fetched where that folder is not there: " + "; ".join(f"{name}: {FETCHERS[name].WHAT}" for name in FETCHERS),
        None,
    )
    layout: Literal[tuple(LAYOUTS)] = field("; ".join(f"{name}: {LAYOUTS[name].__doc__}" for name in LAYOUTS) + ".")


class Usable(Record):
    """Which photographs of a folder are taken."""

    minimum_size: Count = field("Pictures with a shorter side than this are rejected.", unit="pixels")
    duplicate_distance: int | None = field(
        "Of pictures of an identity whose perceptual hashes differ in at most so many bits, and those of their aligned"
        " faces in at most 8, the first is kept; all are kept unless given.",
        None,
        ge=0,
        le=64,
        unit="bits",
    )


class Folder(Usable, Place, Photographs):
    """Photographs in a folder of the user's."""

    source: Literal["folder"] = field("Photographs in a folder.")


class Part(Place):
    """One of several folders that a dataset is joined from."""

    without: _People | None = field("People of this folder who are left out, by name.", None)
    role: Literal["distractor"] | None = field(
        "Of all its people, who need not have `split.minimum_pictures`; by lot or by name unless given.", None
    )


class Joined(Usable, Photographs):
    """Photographs in several folders, such as the user's own and a crowd; nobody may be in two of them."""

    source: Literal["joined"] = field("Photographs in several folders.")
    folders: Annotated[dict[Name, Part], Field(min_length=1)] = field("Each folder, by a name for it.")


class DrawnFaces(Dataset):
    """People of the same kind as `drawn`, drawn straight as aligned faces; all have one role, and none is evaluated."""

    source: Literal["drawn_faces"] = field("Aligned faces drawn by a program.")
    role: Literal["background", "public"] = field("Of all its people.", "background")
    people: Count = field("Identities drawn.")
    pictures: Count = field("Pictures drawn of each identity.")
    jitter: float = field("Error of the landmarks.", ge=0, le=1, unit="eye distances")


AnyDataset = one_of("source", {"drawn": Drawn, "drawn_faces": DrawnFaces, "folder": Folder, "joined": Joined})

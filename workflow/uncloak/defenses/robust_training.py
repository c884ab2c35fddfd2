"""Faces for robust training: pairs of clean and perturbed faces of public identities, which the trainer makes itself.

The adaptive trainer of Radiya-Dixit et al. (ICLR 2022, section 3.3 and B.4; attacks.md 5.5) tunes an extractor to give
the perturbed faces of public people their own identities. Who has a cloak is never public: the public people come from
the public role of a split, the users from that of the users.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from uncloak.checkpoints import Checkpoint
from uncloak.errors import InputError
from uncloak.extractors.fitting import Fitted
from uncloak.extractors.training import Composition, Schedule, divide_background, train, validation_error
from uncloak.extractors.weights import load, read_metadata
from uncloak.pictures import views
from uncloak.pictures.labeled import Faces, join, view_labeled
from uncloak.pictures.split import PUBLIC, in_role, no_probes, read_split
from uncloak.pictures.stored import identity_order, read_margin
from uncloak.records.extractors import Finetuned, Public
from uncloak.records.reading import converted
from uncloak.seeds import generator
from uncloak.store import read_arrays

HOOKS = ("extractor",)

KINDS = ("background", "clean", "perturbed")


@dataclass(frozen=True)
class Options:
    """Options of the defense; how an extractor is tuned stands in its own record.

    Attributes:
        extractors: extractor -> the robustly trained one that takes its place.
    """

    extractors: dict[str, str]


def fit_robustly(
    record: Finetuned,
    origin: str | os.PathLike,
    faces: str | os.PathLike,
    split: pd.DataFrame,
    people: Faces,
    perturbed: Sequence[str | os.PathLike],
    seed: int,
    name: str,
    device: str = "cpu",
    checkpoint: Checkpoint | None = None,
) -> Fitted:
    """Tune an extractor as a record of `extractors` with public identities says.

    Faces are read when a batch needs them.

    Args:
        record: the extractor.
        origin: file of the extractor that is tuned.
        faces: file of the faces that it was trained on, some of which are learned again.
        split: whose these are: columns picture, identity, part and role.
        people: clean faces of all public identities (`read_public`).
        perturbed: files of their perturbed faces.
        seed: of the experiment.
        name: of the extractor, which seeds and messages carry.
        device: where to compute.
        checkpoint: where a training that may be killed keeps how far it has come.

    Returns the extractor; its clean error is that of the public identities that are held out.

    Raises InputError where files or numbers of identities do not fit, or the training diverges.
    """
    public = record.train.public
    rehearsed = view_labeled(faces, _rehearsed(record, split, seed))
    unseen = np.isin(people.identities, held_out_public(people.identities, public.held_out, seed))
    seen, held_out = people.where(~unseen), people.where(unseen)
    shown = read_perturbed(perturbed, seen)
    strengths = strengthened(shown, seen, public.strengths)
    learned, identities, composition = compose(rehearsed, seen, strengths, public.shares.model_dump(), public.anchor)
    loss, schedule = record.train.loss.plain(), converted(record.train, Schedule)
    how = {"device": device, "composition": composition, "checkpoint": checkpoint}
    # What is learned again has the same margin.
    extractor = load(origin).for_crops(read_margin(perturbed[0]))
    extractor = train(extractor, learned, identities, None, loss, schedule, seed, name, **how).extractor.cpu()
    return Fitted(
        extractor,
        read_metadata(origin)["record"],
        _told(public, record.train.data, seen, shown, rehearsed),
        validation_error(extractor, held_out.faces, held_out.identities),
    )


def _rehearsed(record: Finetuned, split: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The rows of the background pictures that are learned again."""
    count = record.train.public.rehearsal
    if not count:
        return split.iloc[:0]
    known, _ = divide_background(split, record.train.held_out, seed)
    return known.iloc[some_of_each(known["identity"].to_numpy(str), count, seed)]


def _told(public: Public, data: str, seen: Faces, shown: Faces, rehearsed: Faces) -> str:
    """What was learned, in words."""
    people, cloaked, known = (len(np.unique(group.identities)) for group in (seen, shown, rehearsed))
    strengths = ", ".join(f"{strength:g}" for strength in public.strengths)
    return (
        f"tuned on {people} public identities of {public.dataset}, {cloaked} of them also perturbed, in"
        f" {len(shown.pictures)} faces at strengths {strengths}, and on {known} background identities of {data}"
    )


def read_public(faces: str | os.PathLike, split: str | os.PathLike) -> Faces:
    """Find the clean faces of the public identities of a dataset; no probes, which are kept for measuring.

    Their identities are called "public/NAME", so that nobody is taken for a background identity of that name.
    Raises InputError where a file is missing or damaged, or there are no public identities.
    """
    table = no_probes(in_role(read_split(split), PUBLIC)).sort_values("picture")
    if table.empty:
        raise InputError(f"{split}: no identity has the role public; robust training needs some")
    return view_labeled(faces, table.assign(identity="public/" + table["identity"]))


def held_out_public(identities: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Choose `count` of the public identities (text [N], repeated) that robust training never sees.

    They are the last of the order whose first identities are perturbed. Raises InputError where none would be left.
    """
    order = identity_order(identities, seed, PUBLIC)
    if len(order) <= count:
        raise InputError(
            f"public.held_out: {count} identities cannot be held out of {len(order)} public identities; lower it"
        )
    return np.sort(order[len(order) - count :])


def some_of_each(identities: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return the sorted rows int64 of at most `count` pictures, drawn at random, of each of `identities` (text [N])."""
    order = generator(seed, "rehearsal").permutation(len(identities))
    return np.sort(order[pd.Series(identities[order]).groupby(identities[order]).cumcount().to_numpy() < count])


def read_perturbed(paths: Sequence[str | os.PathLike], public: Faces) -> Faces:
    """Find the perturbed faces of public pictures, in files in this order; identities are those of `public`.

    Raises InputError where a file is missing or damaged, or a picture is not among those of `public`.
    """
    known = dict(zip(public.pictures, public.identities, strict=True))
    parts = []
    for path in paths:
        (pictures,) = read_arrays(path, "picture")
        foreign = [picture for picture in pictures if picture not in known]
        if foreign:
            raise InputError(
                f"{path}: picture '{foreign[0]}' is of nobody whom robust training may see; perturb fewer identities,"
                " or hold out fewer"
            )
        parts.append(Faces(views.Stored(path), pictures, np.array([known[picture] for picture in pictures])))
    return join(*parts)


def strengthened(perturbed: Faces, public: Faces, strengths: Sequence[float]) -> Faces:
    """Return the perturbed faces at each of `strengths`, one after the other.

    At strength 1 a face is as its attack made it; else its difference from the clean face of `public` is so many times
    as large, rounded and cut to 8 bits. It costs nothing, and few perturbed faces teach more (not in the papers).
    """
    row = {picture: index for index, picture in enumerate(public.pictures)}
    clean = views.Picked(public.faces, np.array([row[picture] for picture in perturbed.pictures], dtype=np.int64))
    return join(
        *(
            Faces(
                views.Made(partial(_strengthened, strength=strength), clean, perturbed.faces),
                perturbed.pictures,
                perturbed.identities,
            )
            for strength in strengths
        )
    )


def _strengthened(clean: np.ndarray, perturbed: np.ndarray, strength: float) -> np.ndarray:
    clean = clean.astype(np.float32)
    return np.clip(np.rint(clean + strength * (perturbed - clean)), 0, 255).astype(np.uint8)


def compose(
    background: Faces, public: Faces, perturbed: Faces, shares: Mapping[str, float], anchor: float
) -> tuple[views.Faces, np.ndarray, Composition]:
    """Put the training set together.

    Args:
        background: faces that the extractor was trained on, so that it does not forget them; may have none.
        public: clean faces of public identities.
        perturbed: faces perturbed from pictures of `public`.
        shares: share of a batch of each of `KINDS`; one left out has none.
        anchor: see `Composition`.

    Returns faces uint8 [N,S,S,3], identities text [N], and how training composes its batches.

    Raises InputError where a share is of no kind.
    """
    unknown = set(shares) - set(KINDS)
    if unknown:
        raise InputError(f"public.shares: '{min(unknown)}' is no kind of faces; use {', '.join(KINDS)}")
    clean, groups = join(background, public), (background, public, perturbed)
    row = {picture: len(background.pictures) + index for index, picture in enumerate(public.pictures)}
    made_from = [row[picture] for picture in perturbed.pictures]
    return (
        views.joined([clean.faces, perturbed.faces]),
        np.concatenate([clean.identities, perturbed.identities]),
        Composition(
            kinds=np.repeat(KINDS, [len(group.pictures) for group in groups]),
            shares={kind: shares.get(kind, 0.0) for kind in KINDS},
            clean=np.concatenate([np.arange(len(clean.pictures)), np.array(made_from, dtype=np.int64)]),
            anchor=anchor,
        ),
    )

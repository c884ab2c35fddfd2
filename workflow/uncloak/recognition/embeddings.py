"""Embeddings by picture: what the recognition of one extractor reads, checked once."""

import os
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.pictures import views
from uncloak.store import read_arrays

_AT_ONCE = 2**14  # rows


class Embeddings:
    """Embeddings of one origin (clean faces, or one attack's), found by picture.

    Attributes:
        embedding: float32 [N,D], finite, an array or a view.
        dimensions: D.
        origin: where they come from, for messages.
    """

    def __init__(self, embedding: views.Faces, picture: Sequence[str], origin: str):
        """Check and keep `embedding` [N,D] of the pictures with ids `picture` [N], in any order.

        Of a view, in float32, rows are read when they are asked for.

        Raises InputError where shapes disagree, a picture stands twice, or a value is not finite in float32.
        """
        pictures = pd.Index(np.asarray(picture, dtype=object))
        if len(embedding.shape) != 2 or embedding.shape[1] == 0 or len(embedding) != len(pictures):
            raise InputError(
                f"{origin}: embeddings of shape {list(embedding.shape)} for {len(pictures)} pictures;"
                " one row per picture is needed, so make the file again"
            )
        if pictures.has_duplicates:
            raise InputError(
                f"{origin}: picture '{pictures[pictures.duplicated()][0]}' stands twice; make the file again"
            )
        if isinstance(embedding, np.ndarray):
            with np.errstate(over="ignore"):
                embedding = embedding.astype(np.float32, copy=False)
        self.dimensions, self.origin = embedding.shape[1], origin
        self.embedding, self._pictures = embedding, pictures
        finite = self._of_each(lambda rows: np.isfinite(rows).all(axis=1))
        if not finite.all():
            raise InputError(
                f"{origin}: the embedding of picture '{pictures[~finite][0]}' is not finite"
                f" ({np.count_nonzero(~finite)} such pictures); check the extractor and the picture"
            )

    def _of_each(self, says: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return what is said of each embedding, bool [N]."""
        found = np.empty(len(self.embedding), dtype=bool)
        for first in range(0, len(found), _AT_ONCE):
            found[first : first + _AT_ONCE] = says(self.embedding[first : first + _AT_ONCE])
        return found

    def rows(self, pictures: Sequence[str]) -> np.ndarray:
        """Return the embeddings, float32 [K,D], of these K pictures in this order.

        Raises InputError where a picture is missing.
        """
        return self.embedding[self.find(pictures)]

    def view(self, pictures: Sequence[str]) -> views.Faces:
        """Return the same, but a view where the embeddings are one: those of a crowd need not fit into memory."""
        return views.picked(self.embedding, self.find(pictures))

    def find(self, pictures: Sequence[str]) -> np.ndarray:
        """Return the rows of the embeddings, int [K], of these K pictures in this order.

        Raises InputError where a picture is missing.
        """
        wanted = np.asarray(pictures, dtype=object)
        rows = self._pictures.get_indexer(wanted)
        absent = wanted[rows < 0]
        if len(absent):
            raise InputError(
                f"{self.origin}: has no embedding of picture '{absent[0]}' ({len(absent)} of {len(wanted)} missing);"
                " make it again from the same faces and split"
            )
        return rows

    def check_directions(self) -> None:
        """Raise InputError where an embedding is zero, so that it has no direction for the cosine."""
        zero = self._of_each(lambda rows: ~rows.any(axis=1))
        if zero.any():
            raise InputError(
                f"{self.origin}: the embedding of picture '{self._pictures[zero][0]}' is zero and has no direction;"
                " use the metric 'euclidean' or another extractor"
            )


def read_embeddings(path: str | os.PathLike) -> Embeddings:
    """Read an embeddings file (arrays `embedding` [N,D] and `picture` [N]); many embeddings are read by rows, later.

    Raises InputError where the file is missing or damaged or its content is refused by `Embeddings`.
    """
    (picture,) = read_arrays(path, "picture")
    return Embeddings(views.stored(path, "embedding"), picture, str(path))


def mix(
    postings: Mapping[str, Embeddings], pictures: Sequence[str], assignment: Sequence[str], name: str
) -> Embeddings:
    """Return the mixture called `name`: of each picture the embedding made by the attack assigned to it.

    Args:
        postings: attack -> embeddings of the faces it perturbed.
        pictures: the K pictures of the mixture.
        assignment: the attack of each picture [K], as `uncloak.attacks.mixture.assign` divides them.
        name: the mixture's name, for messages.

    Raises InputError where an assigned attack is not among `postings`, lacks a picture, or dimensions differ.
    """
    pictures, assignment = np.asarray(pictures, dtype=object), np.asarray(assignment, dtype=object)
    if pictures.shape != assignment.shape:
        raise InputError(f"mixture '{name}': {len(assignment)} assignments for {len(pictures)} pictures; give one each")
    attacks = sorted(set(assignment))
    absent = [attack for attack in attacks if attack not in postings]
    if absent:
        raise InputError(f"mixture '{name}': attack '{absent[0]}' has no embeddings; embed its faces first")
    if len({postings[attack].dimensions for attack in attacks}) > 1:
        raise InputError(f"mixture '{name}': embeddings of different dimensions; take them from one extractor")
    parts = [pictures[assignment == attack] for attack in attacks]
    rows = [postings[attack].rows(part) for attack, part in zip(attacks, parts, strict=True)]
    return Embeddings(np.concatenate(rows), np.concatenate(parts), f"mixture '{name}'")

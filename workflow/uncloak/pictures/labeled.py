"""Faces together with whose they are."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Faces:
    """Faces uint8 [N,S,S,3] with their pictures' ids and identities, text [N] both."""

    faces: np.ndarray
    pictures: np.ndarray
    identities: np.ndarray

    def where(self, kept: np.ndarray) -> "Faces":
        """Return the faces where `kept` (bool [N], or rows) says so."""
        return Faces(self.faces[kept], self.pictures[kept], self.identities[kept])


def join(*groups: Faces) -> Faces:
    """Put groups of faces one after the other."""
    return Faces(*(np.concatenate([getattr(group, name) for group in groups]) for name in Faces.__dataclass_fields__))

"""What a trainer with one extractor sees of the pictures: all that a defense may look at."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from uncloak.recognition.embeddings import Embeddings


@dataclass(frozen=True)
class Seen:
    """One extractor's embeddings of everything that is compared.

    Attributes:
        clean: of all clean gallery faces.
        probing: of all probes.
        perturbed: (attack, channel) -> of the users' gallery faces as posted so, as `comparing.compare` takes them.
        split: columns picture, identity, part and role.
    """

    clean: Embeddings
    probing: Embeddings
    perturbed: Mapping[tuple[str, str], Embeddings]
    split: pd.DataFrame


@dataclass(frozen=True)
class Scraped:
    """What a trainer scraped of one person: N faces.

    Attributes:
        identity: whose they are.
        picture: str [N].
        embedding: float64 [N,D]; the metric of recognition is the Euclidean distance of these points.
        scores: float64 [K,N] in [0,1], what K detectors say: those in the options of the defense, in their order.
        before: bool [N], whether the picture was posted before the first attack was there; without an attack all were.
    """

    identity: str
    picture: np.ndarray
    embedding: np.ndarray
    scores: np.ndarray
    before: np.ndarray

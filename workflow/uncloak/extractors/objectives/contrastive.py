"""CLIP's objective (Radford et al. 2021): pictures against texts, with open_clip's text tower and loss."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from open_clip import ClipLoss
from torch import nn
from torch.nn import functional as F

from uncloak.extractors.text_tower import TextTower


class Contrastive(nn.Module):
    """Symmetric cross-entropy over the batch of matching embeddings with their own texts.

    Called as `objective(embeddings float32 [N,D], rows int64 [N])`, where `rows` are rows of the training set, whose
    texts were given on construction. As in open_clip every pair of the batch is a class of its own, also where two
    pictures have the same text.
    """

    def __init__(self, texts: Sequence[str], tower: TextTower):
        super().__init__()
        # Many pictures share a text: tokenize each once.
        distinct, inverse = np.unique(texts, return_inverse=True)
        self.register_buffer("tokens", tower.tokens(distinct.tolist()))
        self.register_buffer("text", torch.from_numpy(inverse))
        self.tower = tower
        self.loss = ClipLoss()

    def forward(self, embeddings: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        texts = self.tower(self.tokens[self.text[rows]])
        return self.loss(F.normalize(embeddings), texts, self.tower.scale)


def of_users(identities: np.ndarray) -> np.ndarray:
    """Return the text [N] of each picture of `identities` (text [N]), with a number for each identity from 1 on.

    The numbers follow the names, sorted. (Radiya-Dixit et al. 2022, appendix B.3.)
    """
    numbers = np.unique(identities, return_inverse=True)[1] + 1
    return np.array([f"A photograph of user #{number}." for number in numbers])


def build(
    captions: np.ndarray,
    dimension: int,
    tower: TextTower | None,
    texts: Literal["captions", "users"] = "captions",
    context: int = 48,
    width: int = 64,
    layers: int = 1,
    heads: int = 4,
) -> Contrastive:
    """Build the objective.

    captions: text [N], of the training pictures; their identities where `texts` is "users". tower: trained already, of
    this `dimension`, or None for a new one.

    Args:
        texts: captions of the pictures, or users: "A photograph of user #X.", X being a number for each identity.
        context: longest text in tokens.
        width: channels of the text tower.
        layers: its number of blocks.
        heads: of its attention.
    """
    if tower is None:
        tower = TextTower(dimension, context, width, layers, heads)
    return Contrastive(captions if texts == "captions" else of_users(captions), tower)

"""The text tower of a contrastively trained extractor (CLIP, Radford et al. 2021), kept beside its network.

It is open_clip's own class and its parameters' own names, so that a published model's tower fits, too. Embedding faces
does without it; tuning goes on with it.
"""

import os
from collections.abc import Sequence

import numpy as np
import torch
from open_clip import get_tokenizer
from open_clip.transformer import QuickGELU, TextTransformer
from torch import nn
from torch.nn import functional as F

from uncloak.extractors.weights import read_metadata, rebuilding, tensors

LARGEST_SCALE = 100.0  # as in CLIP, section 2.5
VOCABULARY = 49408  # of CLIP's tokens


class TextTower(nn.Module):
    """Texts -> directions in the space of the embeddings, and the scale of the cosines between both.

    Attributes:
        options: with which it is rebuilt.
        log_scale: natural logarithm of the scale, which learns along.
    """

    def __init__(
        self,
        dimension: int,
        context: int,
        width: int,
        layers: int,
        heads: int,
        mlp_ratio: float = 3.0,
        quick_gelu: bool = False,
    ):
        """Build the tower, untrained.

        Args:
            dimension: numbers of an embedding.
            context: longest text in tokens.
            width: channels per token.
            layers: number of blocks.
            heads: of the attention.
            mlp_ratio: width of a block's hidden layer, of `width`.
            quick_gelu: the activation of OpenAI's weights.
        """
        super().__init__()
        sizes = {"width": width, "layers": layers, "heads": heads, "mlp_ratio": mlp_ratio}
        self.options = {"dimension": dimension, "context": context, **sizes, "quick_gelu": quick_gelu}
        activation = QuickGELU if quick_gelu else nn.GELU
        self.tower = TextTransformer(
            context_length=context, vocab_size=VOCABULARY, output_dim=dimension, act_layer=activation, **sizes
        )
        self.log_scale = nn.Parameter(torch.tensor(np.log(1 / 0.07), dtype=torch.float32))

    @property
    def scale(self) -> torch.Tensor:
        """What cosines are multiplied by."""
        return self.log_scale.exp().clamp(max=LARGEST_SCALE)

    def tokens(self, texts: Sequence[str]) -> torch.Tensor:
        """Return the tokens int64 [T,context] of T texts, in CLIP's vocabulary; longer texts are cut off."""
        return get_tokenizer("ViT-B-32", context_length=self.options["context"])(list(texts))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Map tokens int64 [T,context] to directions float32 [T,D] of length 1."""
        return F.normalize(self.tower(tokens).float())


def read_tower(path: str | os.PathLike) -> TextTower | None:
    """Rebuild the text tower in an extractor's file (`uncloak.extractors.weights.save`); None where it has none.

    Raises InputError where the file cannot be read, or its weights do not fit.
    """
    options = read_metadata(path).get("text_tower")
    if options is None:
        return None
    with rebuilding(path):
        tower = TextTower(**options)
        tower.load_state_dict(tensors(path, beside=True), strict=True)
    return tower

"""CLIP's objective (Radford et al. 2021): pictures against their captions, with open_clip's text tower and loss."""

import numpy as np
import torch
from open_clip import ClipLoss, get_tokenizer
from open_clip.transformer import TextTransformer
from torch import nn
from torch.nn import functional as F

_LARGEST_SCALE = 100.0  # as in CLIP, section 2.5


class Contrastive(nn.Module):
    """Symmetric cross-entropy over the batch of matching embeddings with their own captions.

    Called as `objective(embeddings float32 [N,D], rows int64 [N])`, where `rows` are rows of the training set, whose
    captions were given on construction.
    """

    def __init__(self, captions: np.ndarray, dimension: int, context: int, width: int, layers: int, heads: int):
        super().__init__()
        # Many pictures share a caption: tokenize each once.
        texts, inverse = np.unique(captions, return_inverse=True)
        self.register_buffer("tokens", get_tokenizer("ViT-B-32", context_length=context)(texts.tolist()))
        self.register_buffer("caption", torch.from_numpy(inverse))
        self.text = TextTransformer(
            context_length=context, width=width, layers=layers, heads=heads, output_dim=dimension, mlp_ratio=3.0
        )
        self.log_scale = nn.Parameter(torch.tensor(np.log(1 / 0.07), dtype=torch.float32))
        self.loss = ClipLoss()

    def forward(self, embeddings: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        texts = F.normalize(self.text(self.tokens[self.caption[rows]]).float())
        return self.loss(F.normalize(embeddings), texts, self.log_scale.exp().clamp(max=_LARGEST_SCALE))


def build(
    captions: np.ndarray, dimension: int, context: int = 48, width: int = 64, layers: int = 1, heads: int = 4
) -> Contrastive:
    """Build the objective for training pictures with these `captions` (text [N]).

    Args:
        context: longest caption in tokens.
        width: channels of the text tower.
        layers: its number of blocks.
        heads: of its attention.
    """
    return Contrastive(captions, dimension, context, width, layers, heads)

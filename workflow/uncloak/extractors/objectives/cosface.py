"""CosFace (Wang et al. 2018): the cosine with the true identity less a margin."""

import torch

from uncloak.extractors.objectives.prototypes import MarginSoftmax


class CosFace(MarginSoftmax):
    """Softmax of s (cos - m)."""

    def __init__(self, codes: torch.Tensor, dimension: int, scale: float, margin: float, focal: float):
        super().__init__(codes, dimension, scale, focal)
        self.margin = margin

    def penalize(self, cosines: torch.Tensor, embeddings: torch.Tensor) -> torch.Tensor:
        return cosines - self.margin


def build(
    codes: torch.Tensor, dimension: int, scale: float = 16.0, margin: float = 0.15, focal: float = 0.0
) -> CosFace:
    """Build the objective for training pictures of the identities `codes` int64 [N].

    Args:
        scale: factor s of the cosines.
        margin: m, of the cosine.
        focal: exponent of the focal loss; 0 is none.
    """
    return CosFace(codes, dimension, scale, margin, focal)

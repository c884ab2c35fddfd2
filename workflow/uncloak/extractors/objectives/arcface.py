"""ArcFace (Deng et al. 2019): a margin added to the angle with the true identity."""

import torch

from uncloak.extractors.objectives.prototypes import MarginSoftmax, add_angle


class ArcFace(MarginSoftmax):
    """Softmax of s cos(angle + m)."""

    def __init__(self, codes: torch.Tensor, dimension: int, scale: float, margin: float, focal: float):
        super().__init__(codes, dimension, scale, focal)
        self.margin = margin

    def penalize(self, cosines: torch.Tensor, embeddings: torch.Tensor) -> torch.Tensor:
        return add_angle(cosines, self.margin)


def build(
    codes: torch.Tensor, dimension: int, scale: float = 16.0, margin: float = 0.15, focal: float = 0.0
) -> ArcFace:
    """Build the objective for training pictures of the identities `codes` int64 [N].

    Args:
        scale: factor s of the cosines.
        margin: m, in radians.
        focal: exponent of the focal loss; 0 is none.
    """
    return ArcFace(codes, dimension, scale, margin, focal)

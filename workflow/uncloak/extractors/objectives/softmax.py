"""The normalized softmax (NormFace, Wang et al. 2017): cosines, a scale and no margin."""

import torch

from uncloak.extractors.objectives.prototypes import MarginSoftmax


def build(codes: torch.Tensor, dimension: int, scale: float = 16.0, focal: float = 0.0) -> MarginSoftmax:
    """Build the objective for training pictures of the identities `codes` int64 [N].

    Args:
        scale: factor s of the cosines.
        focal: exponent of the focal loss; 0 is none.
    """
    return MarginSoftmax(codes, dimension, scale, focal)

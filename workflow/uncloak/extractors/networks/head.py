"""The embedding head of the small networks trained here."""

from torch import nn


def embedding_head(channels: int, side: int, dimension: int) -> nn.Sequential:
    """Map feature maps [N,channels,side,side] to embeddings [N,dimension].

    Flattening keeps where a feature is, which a global mean would lose; faces are aligned, so position is identity
    (the FC head of ArcFace, Deng et al. 2019, section 3.2.2).
    """
    return nn.Sequential(
        nn.Flatten(), nn.Linear(channels * side * side, dimension, bias=False), nn.BatchNorm1d(dimension)
    )

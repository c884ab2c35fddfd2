"""A small vision transformer: patches as words, attention between all (Dosovitskiy et al., arXiv 2010.11929)."""

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from uncloak.transfer.networks.layers import convolution


class Block(nn.Module):
    """Attention between tokens and two dense layers at each, both added to the input."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.attention_norm, self.dense_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.read, self.write = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.dense = nn.Sequential(nn.Linear(width, 3 * width), nn.GELU(), nn.Linear(3 * width, width))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        parts = self.read(self.attention_norm(tokens)).chunk(3, dim=-1)
        query, key, value = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        attended = scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        tokens = tokens + self.write(attended)
        return tokens + self.dense(self.dense_norm(tokens))


class VisionTransformer(nn.Module):
    """Normalized pictures [N,3,size,size] -> logits [N,classes], from all tokens in their places.

    The patches are read by a strided convolutional stem (Xiao et al., arXiv 2106.14881), with which transformers learn
    from few pictures.
    """

    def __init__(self, classes: int, size: int, patch: int, width: int, layers: int, heads: int):
        super().__init__()
        self.stem = nn.Sequential(
            convolution(3, width // 2, stride=2), nn.Conv2d(width // 2, width, patch // 2, patch // 2)
        )
        self.places = nn.Parameter(0.02 * torch.randn(1, (size // patch) ** 2, width))
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)), nn.LayerNorm(width))
        self.head = nn.Linear((size // patch) ** 2 * width, classes)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        tokens = self.stem(pictures).flatten(2).transpose(1, 2) + self.places
        return self.head(self.blocks(tokens).flatten(1))


def build(classes: int, size: int, patch: int = 8, width: int = 64, layers: int = 3, heads: int = 4) -> nn.Module:
    """Build the network.

    Args:
        patch: side of the patches, of which there must be whole ones.
        width: channels per token, a multiple of the heads.
        layers: number of blocks.
        heads: of the attention.
    """
    return VisionTransformer(classes, size, patch, width, layers, heads)

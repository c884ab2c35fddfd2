"""A small vision transformer built from open_clip's own class, in CLIP's role (Radford et al. 2021).

It stands in for CLIP: the same kind of tower, a thousand times smaller, and trained on rendered faces.
"""

import torch
from open_clip.transformer import VisionTransformer
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from uncloak.extractors.networks.head import embedding_head


class FaceTransformer(nn.Module):
    """Normalized faces [N,3,size,size] -> embeddings [N,dimension].

    Every token is projected and kept, in its place, for the head: with so little training, the class token and the
    mean of the tokens both forget where on the face a feature was.
    """

    def __init__(self, size: int, patch: int, width: int, layers: int, heads: int, token: int, dimension: int):
        super().__init__()
        self.tower = VisionTransformer(
            image_size=size,
            patch_size=patch,
            width=width,
            layers=layers,
            heads=heads,
            mlp_ratio=3.0,
            output_dim=token,
            pool_type="none",
            final_ln_after_pool=False,
        )
        self.head = embedding_head(token, size // patch, dimension)

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        # In bfloat16 on a processor, PyTorch's fused attention makes a training step 2.4 times as long.
        with sdpa_kernel(SDPBackend.MATH):
            tokens = self.tower(faces)[:, 1:]  # without the class token
        side = int(tokens.shape[1] ** 0.5)
        return self.head(tokens.transpose(1, 2).unflatten(2, (side, side)))


def build(
    size: int = 64,
    patch: int = 8,
    width: int = 64,
    layers: int = 3,
    heads: int = 4,
    token: int = 32,
    dimension: int = 128,
) -> nn.Module:
    """Build the network.

    Args:
        size: side of the pictures, that of the record's `input`.
        patch: side of the patches, of which there must be whole ones.
        width: channels per token in the blocks, a multiple of the heads.
        layers: number of blocks.
        heads: of the attention.
        token: channels kept of each token for the head.
        dimension: numbers of an embedding.
    """
    return FaceTransformer(size, patch, width, layers, heads, token, dimension)

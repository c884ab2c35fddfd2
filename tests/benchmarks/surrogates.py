"""Surrogates with random weights for benchmarks: of any record, and of the sizes that are published for 112 pixels."""

from collections.abc import Mapping

import torch
from torch import nn

from uncloak.extractors.extractor import Extractor, Preprocessing, build

SIDE = 112
_INPUT = {"template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3}
# Name -> network and side of its input; the last is CLIP's smaller tower, which is not one of ours.
_PUBLISHED = {
    "ir152": ({"name": "evolve_ir", "depth": 152}, 112),
    "resnet152": ({"name": "evolve_resnet", "depth": 152}, 112),
    "ir50": ({"name": "evolve_ir", "depth": 50}, 112),
    "resnet50": ({"name": "evolve_resnet", "depth": 50}, 112),
    "vit_b32": (None, 224),
}


def published(name: str, seed: int = 0) -> Extractor:
    """Build an extractor of published size, with weights drawn from `seed`.

    Raises ImportError where the library that has the network is not installed.
    """
    network, side = _PUBLISHED[name]
    torch.manual_seed(seed)
    preprocessing = {**_INPUT, "size": [side, side]}
    if network is None:
        return settled(Extractor(_vit_b32(), Preprocessing(**preprocessing)))
    return settled(build({"network": network, "input": preprocessing}))


def untrained(record: Mapping, seed: int = 0) -> Extractor:
    """Build the extractor of a record with weights drawn from `seed`."""
    torch.manual_seed(seed)
    return settled(build(record))


def settled(extractor: Extractor) -> Extractor:
    """Set the batch norms by one pass, so that embeddings are of ordinary size, and freeze the extractor."""
    extractor.train()
    for module in extractor.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = None  # the mean of all passes, here of one
    with torch.no_grad():
        extractor(torch.rand(4, 3, SIDE, SIDE))
    return extractor.freeze()


def _vit_b32() -> nn.Module:
    """CLIP's ViT-B/32, from whichever library is there."""
    try:
        from open_clip.transformer import VisionTransformer
    except ImportError:
        import timm

        return timm.create_model("vit_base_patch32_clip_224", pretrained=False, num_classes=512)
    return VisionTransformer(
        image_size=224, patch_size=32, width=768, layers=12, heads=12, mlp_ratio=4.0, output_dim=512
    )

"""Surrogates with random weights for benchmarks: of any record, and of the sizes that are published for 112 pixels."""

import importlib
from collections.abc import Mapping

import torch
from torch import nn

from uncloak.extractors.extractor import Extractor, Preprocessing, build

SIDE = 112
_INPUT = {"template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3}
# Network and its options, or units of each stage; the side of its input is 112, but for CLIP's smaller tower.
_PUBLISHED = {
    "ir152": ("evolve_ir", 152),
    "resnet152": ("evolve_resnet", 152),
    "ir50": ("evolve_ir", 50),
    "vit_b32": ("vit", 12),
    # No published size: to try a benchmark.
    "ir10": ("evolve_ir", (1, 1, 1, 1)),
    "resnet14": ("evolve_resnet", (1, 1, 1, 1)),
    "vit_b32_short": ("vit", 1),
}


def published(name: str, seed: int = 0) -> Extractor:
    """Build an extractor of published size, with weights drawn from `seed`.

    Raises ImportError where the library that has the network is not installed.
    """
    torch.manual_seed(seed)
    side = 224 if _PUBLISHED[name][0] == "vit" else SIDE
    return settled(Extractor(network(name), Preprocessing(**_INPUT, size=[side, side])))


def network(name: str) -> nn.Module:
    """Build the network alone, of normalized faces."""
    kind, size = _PUBLISHED[name]
    if kind == "vit":
        return _vit_b32(size)
    module = importlib.import_module(f"uncloak.extractors.networks.{kind}")
    if isinstance(size, int):
        return module.build(size)
    return module.EvolveIR(size) if kind == "evolve_ir" else module.EvolveResNet(size)


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


def _vit_b32(layers: int) -> nn.Module:
    """CLIP's ViT-B/32 (12 layers), from whichever library is there."""
    try:
        from open_clip.transformer import VisionTransformer
    except ImportError:
        import timm

        return timm.create_model("vit_base_patch32_clip_224", pretrained=False, num_classes=512, depth=layers)
    return VisionTransformer(
        image_size=224, patch_size=32, width=768, layers=layers, heads=12, mlp_ratio=4.0, output_dim=512
    )

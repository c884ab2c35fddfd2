"""The face recognition backbones of frbench, published by one recipe each loss and training set (HKU-TASR/FRBench)."""

import torch
from torch import nn

from uncloak.errors import InputError
from uncloak.extractors import published


def build(backbone: str, **options: object) -> nn.Module:
    """Build frbench's `backbone` of normalized faces float32 [N,3,112,112] -> [N,512], untrained.

    Args:
        backbone: its name in frbench, as irse-100; further options are those of the backbone itself, which the release
            lists in the config beside the weights, under backbone.kwargs.

    Raises InputError where frbench is not installed, and for a backbone that it does not have, or not so.
    """
    try:
        from frbench import backbones
    except ImportError:
        raise InputError("network frbench: the package is missing; install the extra frbench") from None
    if backbone not in backbones.BACKBONE_REGISTRY:
        known = ", ".join(backbones.BACKBONE_REGISTRY)
        raise InputError(f"network frbench: has no backbone '{backbone}'; take one of {known}")
    try:
        return backbones.build_backbone(backbone, options, torch.device("cpu"))
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"network frbench: cannot build '{backbone}' ({reason}); change its options") from None


translate = published.unchanged

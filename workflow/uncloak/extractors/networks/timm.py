"""Networks as timm builds them, for weights published for it: EdgeFace (George et al. 2024) is its EdgeNeXt."""

from collections.abc import Mapping

import timm
import torch
from torch import nn

from uncloak.errors import InputError


def build(model: str, dimension: int = 0, size: int = 0) -> nn.Module:
    """Build timm's `model` of normalized faces float32 [N,3,H,W] -> [N,D], untrained.

    Args:
        model: its name in timm.
        dimension: outputs of its last layer, which the weights have; 0: no last layer, its pooled features.
        size: side of the picture in pixels, where the network is made for one (a transformer); 0: timm's.

    Raises InputError for a model that timm does not have, or not with these options.
    """
    if not timm.is_model(model):
        near = ", ".join(timm.list_models(f"*{model.partition('_')[0]}*")[:5])
        raise InputError(
            f"network timm: has no model '{model}'" + (f"; near are {near}" if near else "; see timm.list_models()")
        )
    try:
        return timm.create_model(model, pretrained=False, num_classes=dimension, **({"img_size": size} if size else {}))
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"network timm: cannot build '{model}' ({reason}); change its options") from None


def translate(state: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
    """Return the published weights as they are: their names are the network's own."""
    return state

"""Networks as timm builds them, for weights published for it: EdgeFace (George et al. 2024) is its EdgeNeXt."""

import timm
from torch import nn

from uncloak.errors import InputError
from uncloak.extractors import published


def create(model: str, outputs: int, **options: object) -> nn.Module:
    """Build timm's `model` with that many `outputs`, untrained; `options` are timm's.

    Raises InputError for a model that timm does not have, or not with these options.
    """
    if not timm.is_model(model):
        near = ", ".join(timm.list_models(f"*{model.partition('_')[0]}*")[:5])
        raise InputError(
            f"network timm: has no model '{model}'" + (f"; near are {near}" if near else "; see timm.list_models()")
        )
    try:
        return timm.create_model(model, pretrained=False, num_classes=outputs, **options)
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"network timm: cannot build '{model}' ({reason}); change its options") from None


def build(model: str, dimension: int = 0, size: int = 0, pool: str = "", any_size: bool = False) -> nn.Module:
    """Build timm's `model` of normalized faces float32 [N,3,H,W] -> [N,D], untrained.

    Args:
        model: its name in timm.
        dimension: outputs of its last layer, which the weights have; 0: no last layer, its pooled features.
        size: side in pixels of the picture that the weights are for, where the network is made for one (a transformer);
            0: timm's.
        pool: how features of all places become one (timm's global_pool: avg, token, map, ...); empty: timm's.
        any_size: resample a transformer's positions to pictures of other sizes than the weights', at every pass (timm's
            dynamic_img_size).

    Raises InputError for a model that timm does not have, or not with these options.
    """
    options = {"img_size": size, "global_pool": pool, "dynamic_img_size": any_size}
    return create(model, dimension, **{name: value for name, value in options.items() if value})


translate = published.unchanged

"""Frozen networks with fewer passes over their features."""

import copy
import itertools

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def folded(network: nn.Module) -> nn.Module:
    """Return a frozen copy of a network in eval mode, its batch norms folded into the convolutions right before them.

    Up to rounding it computes the same. Only neighbors in a `Sequential` are folded, for there it is certain that
    nothing lies between.
    """
    network = copy.deepcopy(network).requires_grad_(False)
    chains = [module for module in network.modules() if isinstance(module, nn.Sequential)]
    for chain in chains:
        for (name, module), (next_name, following) in itertools.pairwise(chain.named_children()):
            if type(module) is nn.Conv2d and type(following) is nn.BatchNorm2d:
                chain._modules[name] = fuse_conv_bn_eval(module, following).requires_grad_(False)
                chain._modules[next_name] = nn.Identity()
    return network

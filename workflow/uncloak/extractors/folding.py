"""Frozen networks with fewer passes over their features."""

import copy
from collections import Counter
from collections.abc import Iterator

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def folded(network: nn.Module) -> nn.Module:
    """Return a frozen copy of a network in eval mode, its batch norms folded into the convolutions right before them.

    Up to rounding it computes the same. A batch norm is folded where the forward pass of the module that holds both
    gives it the convolution's result, and gives that to nothing else. The copy shares all other weights with the
    network, which stays as it is: where that is dropped, no weight is left twice, and a folded network costs nothing to
    fold again.
    """
    shared = {id(values): nn.Parameter(values.detach(), requires_grad=False) for values in network.parameters()}
    network = copy.deepcopy(network, shared | {id(values): values for values in network.buffers()})
    places = Counter(id(module) for _, module in network.named_modules(remove_duplicate=False))
    for holder in list(network.modules()):
        for convolution, norm in list(_neighbors(holder)):
            pair = holder.get_submodule(convolution), holder.get_submodule(norm)
            if all(places[id(module)] == 1 for module in pair):
                holder.set_submodule(convolution, fuse_conv_bn_eval(*pair).requires_grad_(False))
                holder.set_submodule(norm, nn.Identity())
    return network


class _OwnPass(fx.Tracer):
    """Follows a module's own forward pass, and not those of the modules that it calls."""

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return True


def _neighbors(holder: nn.Module) -> Iterator[tuple[str, str]]:
    """Names, below the holder, of each convolution and the batch norm that alone takes its result."""
    if not any(type(child) is nn.BatchNorm2d for child in holder.children()):
        return
    try:
        graph = _OwnPass().trace(holder)
    except Exception:  # its path depends on values, which only a real pass has
        return
    calls = Counter(node.target for node in graph.nodes if node.op == "call_module")
    read = {node.target.rpartition(".")[0] for node in graph.nodes if node.op == "get_attr"}
    for node in graph.nodes:
        before = node.args[0] if node.op == "call_module" and len(node.args) == 1 and not node.kwargs else None
        if not isinstance(before, fx.Node) or before.op != "call_module" or set(before.users) != {node}:
            continue
        convolution, norm = holder.get_submodule(before.target), holder.get_submodule(node.target)
        known = type(convolution) is nn.Conv2d and type(norm) is nn.BatchNorm2d and norm.running_mean is not None
        names = before.target, node.target
        if known and not norm.training and all(calls[name] == 1 and name not in read for name in names):
            yield names

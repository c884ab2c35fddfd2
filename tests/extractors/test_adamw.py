"""AdamW: bit by bit what torch.optim makes, without what it imports."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from uncloak.extractors.adamw import AdamW


def network() -> nn.Module:
    torch.manual_seed(3)
    layers = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.PReLU(), nn.Flatten(), nn.Linear(180, 7))
    return layers.to(memory_format=torch.channels_last)


@pytest.mark.parametrize("weight_decay", [0.0, 0.05])
def test_steps_are_torchs_bit_by_bit(weight_decay):
    """The rate changes, and some parameters have no gradient in every second step."""
    ours, theirs = network(), network()
    optimizer = AdamW(ours.parameters(), 0.01, weight_decay)
    reference = torch.optim.AdamW(theirs.parameters(), lr=0.01, weight_decay=weight_decay, fused=True)
    random = torch.Generator().manual_seed(1)
    for iteration in range(8):
        pictures = torch.rand(4, 3, 8, 8, generator=random).to(memory_format=torch.channels_last)
        for net, one in ((ours, optimizer), (theirs, reference)):
            one.param_groups[0]["lr"] = 0.01 / (1 + iteration)
            one.zero_grad()
            net(pictures).square().mean().backward()
            if iteration % 2:
                net[4].bias.grad = None
            one.step()
    start = network().state_dict()
    for name, value in ours.state_dict().items():
        assert torch.equal(value, theirs.state_dict()[name]), name
        assert not torch.equal(value, start[name]), name


def test_a_step_without_any_gradient_changes_nothing():
    ours = network()
    AdamW(ours.parameters(), 0.01, 0.1).step()
    for name, value in ours.state_dict().items():
        assert torch.equal(value, network().state_dict()[name]), name


def test_training_does_not_import_the_compiler():
    code = """
import sys
import torch
from uncloak.extractors import training
from uncloak.recognition import tuning
from uncloak.transfer.recipes import train
from uncloak.extractors.adamw import AdamW
layer = torch.nn.Linear(3, 3)
optimizer = AdamW(layer.parameters(), 0.1, 0.1)
layer(torch.ones(2, 3)).sum().backward()
torch.nn.utils.clip_grad_norm_(layer.parameters(), 5.0)
optimizer.step()
print("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"

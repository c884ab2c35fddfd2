"""SGD with momentum: bit by bit what torch.optim makes; and optimizers that go on from what they kept."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from uncloak.extractors.adamw import AdamW  # noqa: E402
from uncloak.extractors.sgd import SGD  # noqa: E402


def network() -> nn.Module:
    torch.manual_seed(3)
    layers = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.PReLU(), nn.Flatten(), nn.Linear(180, 7))
    return layers.to(memory_format=torch.channels_last)


def take_steps(net, optimizer, iterations):
    """The rate changes, and one parameter has no gradient in every second step, the first included."""
    for iteration in iterations:
        random = torch.Generator().manual_seed(iteration)
        optimizer.param_groups[0]["lr"] = 0.01 / (1 + iteration)
        optimizer.zero_grad()
        net(torch.rand(4, 3, 8, 8, generator=random).to(memory_format=torch.channels_last)).square().mean().backward()
        if iteration % 2 == 0:
            net[4].bias.grad = None
        optimizer.step()


def assert_same(ours, theirs):
    for name, value in ours.state_dict().items():
        assert torch.equal(value, theirs.state_dict()[name]), name


@pytest.mark.parametrize("weight_decay", [0.0, 0.05])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_steps_are_torchs_bit_by_bit(momentum, weight_decay):
    ours, theirs = network(), network()
    take_steps(ours, SGD(ours.parameters(), 0.01, momentum, weight_decay), range(8))
    how = {"lr": 0.01, "momentum": momentum, "weight_decay": weight_decay, "foreach": True}
    take_steps(theirs, torch.optim.SGD(theirs.parameters(), **how), range(8))
    assert_same(ours, theirs)
    assert not torch.equal(ours[0].weight, network()[0].weight)


@pytest.mark.parametrize("kind", [lambda p: SGD(p, 0.01, 0.9, 0.05), lambda p: AdamW(p, 0.01, 0.05)])
@pytest.mark.parametrize("halt", [1, 3])
def test_an_optimizer_goes_on_from_its_state(kind, halt):
    whole, first, second = network(), network(), network()
    take_steps(whole, kind(whole.parameters()), range(6))
    before, after = kind(first.parameters()), kind(second.parameters())
    take_steps(first, before, range(halt))
    second.load_state_dict(first.state_dict())
    after.restore({name: value.contiguous() for name, value in before.state().items()})
    take_steps(second, after, range(halt, 6))
    assert_same(second, whole)

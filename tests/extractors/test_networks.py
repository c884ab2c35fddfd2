"""Networks of extractors: built from records, with right gradients, and dlib's against its layers as published."""

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
import torchvision
from extractor_records import PIXELS, PLAIN, RECORDS, random_faces, untrained

from uncloak.errors import InputError
from uncloak.extractors.extractor import build
from uncloak.extractors.folding import folded
from uncloak.extractors.networks import dlib_resnet, evolve_ir, evolve_resnet
from uncloak.extractors.networks.prelu import PReLU


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network": {"name": "no_such"}}, "no_such"),
        ({"network": {"name": "../errors"}}, "errors"),
        ({"network": {}}, "None"),
        ({"network": {"name": "pixels", "depth": 3}}, "depth"),
        ({"network": "pixels"}, "network"),
        ({"input": {**PIXELS["input"], "template": "mtcnn"}}, "mtcnn"),
        ({"input": {**PIXELS["input"], "color": "gray"}}, "gray"),
        ({"input": {**PIXELS["input"], "size": [32, 24]}}, "shape"),
        ({"input": {**PIXELS["input"], "std": [1.0, 0.0, 1.0]}}, "std"),
        ({"input": {**PIXELS["input"], "crop": 3}}, "crop"),
        ({"input": {"template": "arcface", **PLAIN}}, "size"),
        (
            {"network": {"name": "resnet", "widths": [8], "blocks": [1, 1]}},
            "network resnet: cannot be built .*; correct",
        ),
        (
            {"network": {"name": "iresnet", "widths": [8], "blocks": [1, 1]}},
            "network iresnet: cannot be built .*; correct",
        ),
    ],
)
def test_bad_records_are_told_in_one_line(change, words):
    with pytest.raises(InputError, match=words) as error:
        build({**PIXELS, **change})
    assert "\n" not in str(error.value)


def test_pixels_are_the_small_picture():
    faces = random_faces(3, 32)
    assert torch.equal(build(PIXELS)(faces), faces.reshape(3, -1))
    assert build(PIXELS)(random_faces(3, 112)).shape == (3, 3 * 32 * 32)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("mobilefacenet_casia", 999_552), ("mobilefacenet_ms1m", 999_936), ("dlib_resnet", 5_607_488)],
)
def test_gradients_at_the_faces_are_those_of_the_network(name, parameters):
    extractor = untrained(name)
    assert sum(parameter.numel() for parameter in extractor.parameters()) == parameters
    faces = random_faces(2, 112).requires_grad_()
    embeddings = extractor(faces)
    assert embeddings.shape == (2, 128)
    assert embeddings.dtype == torch.float32
    weight = torch.linspace(-1, 1, 128)
    ((embeddings * weight).sum()).backward()
    assert torch.isfinite(faces.grad).all()
    assert (faces.grad.flatten(1).norm(dim=1) > 0).all()
    # Along the gradient the slope is the gradient's own length, and in any other direction less.
    direction = faces.grad / faces.grad.norm()
    with torch.no_grad():
        network = extractor.network.double()
        ahead, behind = (
            (network(extractor.preprocessing(faces + step * direction).double()) * weight).sum()
            for step in (0.05, -0.05)
        )
    assert (ahead - behind).item() / 0.1 == pytest.approx(faces.grad.norm().item(), rel=0.02)


def test_a_network_of_fixed_size_refuses_another():
    record = {**RECORDS["mobilefacenet_casia"], "input": RECORDS["mobilefacenet_ms1m"]["input"]}
    with pytest.raises(InputError, match="112, 96"):
        build(record)(random_faces(1, 112))


@pytest.mark.parametrize("shape", [(5, 4), (2, 4, 3), (2, 4, 6, 5)])
@pytest.mark.parametrize("frozen", [False, True])
def test_prelu_is_that_of_torch(shape, frozen):
    random = torch.Generator().manual_seed(len(shape))
    features = torch.randn(shape, generator=random, dtype=torch.float64)
    pull = torch.randn(shape, generator=random, dtype=torch.float64)
    found = []
    for kind in (PReLU, torch.nn.PReLU):
        layer = kind(4).double().requires_grad_(not frozen)
        with torch.no_grad():
            layer.weight.copy_(torch.tensor([0.25, -0.5, 0.0, 1.5]))
        inputs = features.clone().requires_grad_()
        outputs = layer(inputs)
        outputs.backward(pull)
        found.append([outputs, inputs.grad, *([] if frozen else [layer.weight.grad])])
        assert list(layer.state_dict()) == ["weight"]
    for ours, torchs in zip(*found, strict=True):
        torch.testing.assert_close(ours, torchs, rtol=1e-12, atol=1e-12)
    with torch.autocast("cpu", torch.bfloat16):
        assert PReLU(4)(features.bfloat16()).dtype == torch.bfloat16


SMALL = {"size": [64, 64], "template": "arcface", **PLAIN}


def randomized(network: torch.nn.Module) -> torch.nn.Module:
    """The network in float64, frozen, its batch norms far from doing nothing."""
    network = network.double().eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            for values in (module.weight, module.running_var):
                values.uniform_(0.5, 1.5)
            for values in (module.bias, module.running_mean):
                values.normal_()
    return network


def norms(network: torch.nn.Module) -> int:
    return sum(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())


def with_gradient(network: torch.nn.Module, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    features = features.clone().requires_grad_()
    result = network(features)
    (gradient,) = torch.autograd.grad(result.square().sum(), features)
    return result, gradient


@pytest.mark.parametrize(
    ("network", "left", "side"),
    [
        # What is left stands before a convolution or behind a sum, not right behind a convolution.
        (lambda: build({"network": {"name": "iresnet"}, "input": SMALL}).network, 4, 64),
        (lambda: build({"network": {"name": "inception", "width": 8}, "input": SMALL}).network, 0, 64),
        (lambda: build({"network": {"name": "resnet", "blocks": [1, 3, 2]}, "input": SMALL}).network, 0, 64),
        (lambda: build({"network": {"name": "vgg", "width": 8}, "input": SMALL}).network, 0, 64),
        (lambda: build(RECORDS["mobilefacenet_ms1m"]).network, 0, 112),
        (lambda: evolve_ir.EvolveIR((1, 1, 1, 1)), 5, 112),
        # Its bottlenecks call each layer by name.
        (lambda: evolve_resnet.EvolveResNet((1, 2, 1, 1)), 1, 112),
        (lambda: torchvision.models.resnet18(num_classes=8), 0, 64),
        (lambda: torchvision.models.densenet121(num_classes=8), 62, 64),
        # The last convolution of its stem lies within another module.
        (lambda: timm.create_model("resnet14t", num_classes=8), 1, 64),
    ],
)
def test_folded_networks_compute_the_same_with_fewer_norms(network, left, side):
    torch.manual_seed(0)
    network = randomized(network())
    before = {name: values.clone() for name, values in network.state_dict().items()}
    lighter = folded(network)
    assert norms(lighter) == left < norms(network)
    assert not any(parameter.requires_grad for parameter in lighter.parameters())
    faces = random_faces(2, side).double()
    for ours, theirs in zip(with_gradient(lighter, faces), with_gradient(network, faces), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6 * theirs.abs().max().item())
    # The original is as it was.
    assert list(network.state_dict()) == list(before)
    assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())


def test_a_folded_network_shares_what_is_not_folded_and_costs_nothing_to_fold_again():
    network = build(RECORDS["mobilefacenet_ms1m"])
    trained = network.network.embed.conv.weight
    lighter = folded(network.eval())
    again = folded(lighter)
    assert trained.requires_grad
    kept = {name: values.data_ptr() for name, values in lighter.named_parameters()}
    assert {name: values.data_ptr() for name, values in again.named_parameters()} == kept
    activation, same = (each.network.head.activation for each in (network, lighter))
    assert activation is not same


class Holder(torch.nn.Module):
    """Convolutions and batch norms, and a way through them."""

    def __init__(self, way):
        super().__init__()
        self.first, self.second = torch.nn.Conv2d(3, 3, 3), torch.nn.Conv2d(3, 3, 3)
        self.norm, self.other = torch.nn.BatchNorm2d(3), torch.nn.BatchNorm2d(3)
        self.way = way

    def forward(self, x):
        return self.way(self, x)


def used_twice(self, x):
    x = self.first(x)
    return self.norm(x) + x


def activated_between(self, x):
    return self.norm(torch.relu(self.first(x)))


def convolution_called_twice(self, x):
    return self.norm(self.first(x)) + self.first(x)


def norm_called_twice(self, x):
    return self.other(self.norm(self.first(x))) + self.norm(self.second(x))


def weight_read(self, x):
    return self.norm(self.first(x)) * self.first.weight.mean()


def by_values(self, x):
    return self.norm(self.first(x)) if x.mean() > 100 else self.norm(x[..., 2:, 2:])


def changed_between(self, x):
    x = self.first(x)
    x += 1
    return self.norm(x)


@pytest.mark.parametrize(
    "way",
    [
        used_twice,
        activated_between,
        convolution_called_twice,
        norm_called_twice,
        weight_read,
        by_values,
        changed_between,
    ],
)
def test_what_only_looks_like_a_convolution_and_its_norm_is_not_folded(way):
    torch.manual_seed(0)
    network = randomized(Holder(way))
    lighter = folded(network)
    assert norms(lighter) == 2
    faces = random_faces(2, 12).double()
    torch.testing.assert_close(lighter(faces), network(faces), rtol=1e-10, atol=1e-10)


def test_layers_that_stand_in_two_places_are_not_folded():
    torch.manual_seed(0)
    convolution, one, two = torch.nn.Conv2d(3, 3, 3), torch.nn.BatchNorm2d(3), torch.nn.BatchNorm2d(3)
    shared = randomized(torch.nn.Sequential(convolution, one, torch.nn.Sequential(convolution, two)))
    faces = random_faces(2, 12).double()
    torch.testing.assert_close(folded(shared)(faces), shared(faces), rtol=1e-10, atol=1e-10)
    norm = torch.nn.BatchNorm2d(3, track_running_stats=False)
    plain = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 3), norm).double().eval()
    torch.testing.assert_close(folded(plain)(faces), plain(faces), rtol=1e-10, atol=1e-10)


def test_dlib_with_scales_folded_in_equals_the_layers_as_published():
    """The published arrays are applied one by one: convolution, then gamma and beta, zero-filled shortcuts."""
    rng = np.random.default_rng(3)
    network = dlib_resnet.build().double()
    state = {"fc.weight": torch.from_numpy(rng.normal(size=(128, 256)))}
    channels = [32] * 7 + [64] * 8 + [128] * 6 + [256] * 8
    for number, (before, after) in enumerate(zip([3, *channels], channels, strict=False)):
        kernel = 7 if number == 0 else 3
        state[f"conv{number:02d}.weight"] = torch.from_numpy(
            rng.normal(size=(after, before, kernel, kernel)) / np.sqrt(before * kernel**2)
        )
        for part, center in (("bias", 0.0), ("gamma", 1.0), ("beta", 0.0)):
            state[f"conv{number:02d}.{part}"] = torch.from_numpy(center + 0.3 * rng.normal(size=after))
    network.load_state_dict(dlib_resnet.translate(state), strict=True)

    def layer(x, number, stride, padding):
        part = {name: state[f"conv{number:02d}.{name}"] for name in ("weight", "bias", "gamma", "beta")}
        x = F.conv2d(x, part["weight"], part["bias"], stride, padding)
        return x * part["gamma"].view(-1, 1, 1) + part["beta"].view(-1, 1, 1)

    chips = random_faces(1, 150).double() - 0.45
    x = F.max_pool2d(F.relu(layer(chips, 0, 2, 0)), 3, 2)
    for number in range(1, 29, 2):
        halves = number in (7, 15, 21, 27)
        y = layer(F.relu(layer(x, number, 2 if halves else 1, 0 if halves else 1)), number + 1, 1, 1)
        x = F.avg_pool2d(x, 2, 2) if halves else x
        total = torch.zeros(1, *(max(a, b) for a, b in zip(x.shape[1:], y.shape[1:], strict=True)), dtype=torch.float64)
        for summand in (x, y):
            total[:, : summand.shape[1], : summand.shape[2], : summand.shape[3]] += summand
        x = F.relu(total)
    expected = x.mean((2, 3)) @ state["fc.weight"].T
    with torch.no_grad():
        torch.testing.assert_close(network(chips), expected, rtol=1e-9, atol=1e-9)

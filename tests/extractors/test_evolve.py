"""LowKey's published backbones: names and shapes of attacks.md 4.7, and a plain forward pass by those names."""

import hashlib
import math

import pytest
import torch
import torch.nn.functional as F

from uncloak.errors import InputError
from uncloak.extractors.importing import import_published
from uncloak.extractors.networks import evolve_ir, evolve_resnet

STAGES = {
    ("evolve_ir", 50): (3, 4, 14, 3),
    ("evolve_ir", 101): (3, 13, 30, 3),
    ("evolve_ir", 152): (3, 8, 36, 3),
    ("evolve_resnet", 50): (3, 4, 6, 3),
    ("evolve_resnet", 101): (3, 4, 23, 3),
    ("evolve_resnet", 152): (3, 8, 36, 3),
}
SMALL = (1, 2, 1, 1)
NAMES = ("evolve_ir", "evolve_resnet")
MODULES = {"evolve_ir": evolve_ir, "evolve_resnet": evolve_resnet}
CLASSES = {"evolve_ir": evolve_ir.EvolveIR, "evolve_resnet": evolve_resnet.EvolveResNet}


def norm_shapes(name: str, channels: int) -> dict:
    shapes = {f"{name}.{part}": (channels,) for part in ("weight", "bias", "running_mean", "running_var")}
    return {**shapes, f"{name}.num_batches_tracked": ()}


def published_ir(units) -> dict:
    """The names and shapes of a published IR file."""
    shapes = {"input_layer.0.weight": (64, 3, 3, 3), **norm_shapes("input_layer.1", 64), "input_layer.2.weight": (64,)}
    before, index = 64, 0
    for width, count in zip((64, 128, 256, 512), units, strict=True):
        for _ in range(count):
            unit = f"body.{index}"
            shapes |= norm_shapes(f"{unit}.res_layer.0", before)
            shapes[f"{unit}.res_layer.1.weight"] = (width, before, 3, 3)
            shapes[f"{unit}.res_layer.2.weight"] = (width,)
            shapes[f"{unit}.res_layer.3.weight"] = (width, width, 3, 3)
            shapes |= norm_shapes(f"{unit}.res_layer.4", width)
            if before != width:
                shapes[f"{unit}.shortcut_layer.0.weight"] = (width, before, 1, 1)
                shapes |= norm_shapes(f"{unit}.shortcut_layer.1", width)
            before, index = width, index + 1
    shapes |= norm_shapes("output_layer.0", 512)
    shapes |= {"output_layer.3.weight": (512, 512 * 7 * 7), "output_layer.3.bias": (512,)}
    return shapes | norm_shapes("output_layer.4", 512)


def published_resnet(units) -> dict:
    """The names and shapes of a published ResNet file."""
    shapes = {"conv1.weight": (64, 3, 7, 7), **norm_shapes("bn1", 64)}
    before = 64
    for stage, (width, count) in enumerate(zip((64, 128, 256, 512), units, strict=True), start=1):
        for number in range(count):
            unit = f"layer{stage}.{number}"
            for layer, (outputs, inputs, kernel) in enumerate(
                ((width, before, 1), (width, width, 3), (4 * width, width, 1)), start=1
            ):
                shapes[f"{unit}.conv{layer}.weight"] = (outputs, inputs, kernel, kernel)
                shapes |= norm_shapes(f"{unit}.bn{layer}", outputs)
            if number == 0:
                shapes[f"{unit}.downsample.0.weight"] = (4 * width, before, 1, 1)
                shapes |= norm_shapes(f"{unit}.downsample.1", 4 * width)
            before = 4 * width
    shapes |= norm_shapes("bn_o1", 2048)
    shapes |= {"fc.weight": (512, 2048 * 4 * 4), "fc.bias": (512,)}
    return shapes | norm_shapes("bn_o2", 512)


PUBLISHED = {"evolve_ir": published_ir, "evolve_resnet": published_resnet}


def published_state(name: str, units, seed: int = 0, dtype: torch.dtype = torch.float32) -> dict:
    """Random values under the published names; no two layers, channels or statistics are alike."""
    random = torch.Generator().manual_seed(seed)
    state = {}
    for key, shape in PUBLISHED[name](units).items():
        part = key.rpartition(".")[2]
        if part == "num_batches_tracked":
            state[key] = torch.tensor(3)
            continue
        values = torch.randn(shape, generator=random, dtype=dtype)
        if len(shape) > 1:
            state[key] = values / math.sqrt(math.prod(shape[1:]))
        elif part == "running_var":
            state[key] = 1 + 0.3 * values.tanh()
        else:
            state[key] = (1.0 if part == "weight" else 0.0) + 0.2 * values
    return state


def norm(state: dict, name: str, x: torch.Tensor) -> torch.Tensor:
    weight, bias, mean, var = (
        state[f"{name}.{part}"].view(-1, *[1] * (x.ndim - 2))
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    return (x - mean) / torch.sqrt(var + 1e-5) * weight + bias


def plain_ir(state: dict, units, x: torch.Tensor) -> torch.Tensor:
    def prelu(name, x):
        return torch.where(x > 0, x, x * state[f"{name}.weight"].view(-1, 1, 1))

    x = prelu("input_layer.2", norm(state, "input_layer.1", F.conv2d(x, state["input_layer.0.weight"], padding=1)))
    starts = [sum(units[:stage]) for stage in range(4)]
    for index in range(sum(units)):
        stride = 2 if index in starts else 1
        inner = f"body.{index}.res_layer"
        y = F.conv2d(norm(state, f"{inner}.0", x), state[f"{inner}.1.weight"], padding=1)
        y = F.conv2d(prelu(f"{inner}.2", y), state[f"{inner}.3.weight"], stride=stride, padding=1)
        if index in starts[1:]:
            x = F.conv2d(x, state[f"body.{index}.shortcut_layer.0.weight"], stride=stride)
            x = norm(state, f"body.{index}.shortcut_layer.1", x)
        else:
            x = x[:, :, ::stride, ::stride]
        x = x + norm(state, f"{inner}.4", y)
    x = norm(state, "output_layer.0", x).flatten(1)
    return norm(state, "output_layer.4", x @ state["output_layer.3.weight"].T + state["output_layer.3.bias"])


def plain_resnet(state: dict, units, x: torch.Tensor) -> torch.Tensor:
    x = norm(state, "bn1", F.conv2d(x, state["conv1.weight"], stride=2, padding=3)).clamp(min=0)
    x = F.max_pool2d(x, 3, 2, 1)
    for stage, count in enumerate(units, start=1):
        for number in range(count):
            unit = f"layer{stage}.{number}"
            stride = 2 if stage > 1 and number == 0 else 1
            y = norm(state, f"{unit}.bn1", F.conv2d(x, state[f"{unit}.conv1.weight"])).clamp(min=0)
            y = F.conv2d(y, state[f"{unit}.conv2.weight"], stride=stride, padding=1)
            y = F.conv2d(norm(state, f"{unit}.bn2", y).clamp(min=0), state[f"{unit}.conv3.weight"])
            if number == 0:
                x = F.conv2d(x, state[f"{unit}.downsample.0.weight"], stride=stride)
                x = norm(state, f"{unit}.downsample.1", x)
            x = (x + norm(state, f"{unit}.bn3", y)).clamp(min=0)
    x = norm(state, "bn_o1", x).flatten(1)
    return norm(state, "bn_o2", x @ state["fc.weight"].T + state["fc.bias"])


PLAIN = {"evolve_ir": plain_ir, "evolve_resnet": plain_resnet}


def faces(count: int, seed: int = 0) -> torch.Tensor:
    """Normalized faces, float64."""
    return 2 * torch.rand(count, 3, 112, 112, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 1


@pytest.mark.parametrize(
    ("name", "depth", "parameters"),
    [
        ("evolve_ir", 50, 43_574_976),
        ("evolve_ir", 101, 65_129_792),
        ("evolve_ir", 152, 70_737_600),
        ("evolve_resnet", 50, 40_290_880),
        ("evolve_resnet", 101, 59_283_008),
        ("evolve_resnet", 152, 74_926_656),
    ],
)
def test_published_names_and_shapes_are_those_of_the_network(name, depth, parameters):
    shapes = PUBLISHED[name](STAGES[name, depth])
    with torch.device("meta"):
        network = MODULES[name].build(depth)
        published = {key: torch.empty(shape) for key, shape in shapes.items()}
    found = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    assert {key: tuple(value.shape) for key, value in MODULES[name].translate(published).items()} == found
    learned = [math.prod(shape) for key, shape in shapes.items() if key.endswith(("weight", "bias"))]
    assert sum(learned) == sum(parameter.numel() for parameter in network.parameters()) == parameters


def test_the_default_depth_is_lowkeys():
    with torch.device("meta"):
        ir, resnet = evolve_ir.build(), evolve_resnet.build()
    assert len(ir.units) == 50
    assert [len(stage) for stage in list(resnet.features)[4:]] == [3, 8, 36, 3]


@pytest.mark.parametrize("name", NAMES)
def test_the_network_is_the_plain_forward_pass_by_published_names(name):
    state = published_state(name, SMALL, dtype=torch.float64)
    network = CLASSES[name](SMALL).double().eval()
    network.load_state_dict(MODULES[name].translate(state), strict=True)
    pictures = faces(2).requires_grad_()
    found, expected = network(pictures), PLAIN[name](state, SMALL, pictures)
    assert found.shape == (2, 512)
    assert found.std() > 0.1
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    weight = torch.linspace(-1, 1, 512, dtype=torch.float64)
    gradients = [torch.autograd.grad((each * weight).sum(), pictures)[0] for each in (found, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-7, atol=1e-10)
    assert (gradients[0].flatten(1).norm(dim=1) > 0).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("counters", [True, False], ids=["with counters", "of old PyTorch, without counters"])
def test_a_published_file_comes_in_frozen_and_one_of_another_depth_does_not(name, counters, tmp_path, monkeypatch):
    monkeypatch.setitem(MODULES[name]._UNITS, 1, SMALL)
    state = published_state(name, SMALL)
    if not counters:
        state = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    path = tmp_path / "backbone.pth"
    torch.save(state, path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    plain = {"size": [112, 112], "template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3}
    record = {"network": {"name": name, "depth": 1}, "input": plain, "weights": {"sha256": sha256}}
    extractor, _ = import_published(path, record)
    assert not extractor.training
    assert not any(parameter.requires_grad for parameter in extractor.parameters())
    pictures = (faces(1).float() + 1) / 2
    expected = PLAIN[name](state, SMALL, 2 * pictures - 1)
    torch.testing.assert_close(extractor(pictures), expected, rtol=1e-3, atol=1e-3)

    monkeypatch.setitem(MODULES[name]._UNITS, 1, (1, 1, 1, 1))
    with pytest.raises(InputError, match=f"does not hold the weights of network {name}") as error:
        import_published(path, record)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", NAMES)
def test_other_depths_and_sizes_are_refused(name):
    with pytest.raises(InputError, match=f"network {name}: depth is 34; choose from 50, 101, 152"):
        MODULES[name].build(34)
    with torch.device("meta"):
        network = MODULES[name].build(50)
        pictures = torch.empty(1, 3, 128, 128)
    with pytest.raises(InputError, match=r"\[128, 128\] does not fit; this network takes \[112, 112\]"):
        network(pictures)

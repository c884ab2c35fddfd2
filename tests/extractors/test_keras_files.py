"""Keras' HDF5 files against Keras 3 itself, which builds, saves and runs the nets."""

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from uncloak.errors import InputError
from uncloak.extractors.importing import import_published
from uncloak.extractors.networks import keras as ours
from uncloak.extractors.weights import load, save

# Keras writes settings into the folder KERAS_HOME, and takes its backend from the environment.
os.environ |= {"KERAS_BACKEND": "torch", "KERAS_HOME": tempfile.mkdtemp()}
keras = pytest.importorskip("keras", reason="Keras is not here")
L = keras.layers


def stirred(model, seed: int = 0):
    """Give all arrays other numbers than the ones that they begin with."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        value = 0.4 * random.standard_normal(weight.shape) / max(1, np.sqrt(np.prod(weight.shape[:-1])))
        last = weight.path.rsplit("/", 1)[-1]
        if "variance" in last or last == "gamma":
            value = 0.5 + random.random(weight.shape)
        weight.assign(value)
    return model


def saved(model, path: Path) -> Path:
    model.save(path)
    return path


def record(path: Path, side: int, **network) -> dict:
    return {
        "network": {"name": "keras", **network},
        "input": {"size": [side, side], "template": "arcface", "mean": [0, 0, 0], "std": [1, 1, 1], "color": "rgb"},
        "weights": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
    }


def assert_as_in_keras(model, path: Path, side: int, **network):
    """Embeddings of the imported file, and of our own file made of it, are Keras' to 1e-4, and so are gradients."""
    extractor, rebuilt = import_published(path, record(path, side, **network))
    pictures = torch.rand(3, 3, side, side, generator=torch.Generator().manual_seed(1))
    results = []
    for each in (extractor, lambda x: model(x.permute(0, 2, 3, 1), training=False)):
        x = pictures.clone().requires_grad_()
        embedding = each(x)
        [gradient] = torch.autograd.grad((embedding * torch.linspace(-1, 1, embedding.shape[1])).sum(), x)
        results.append((embedding.detach(), gradient))
    (found, found_gradient), (expected, expected_gradient) = results
    assert expected.std() > 1e-3
    assert expected_gradient.abs().max() > 0
    torch.testing.assert_close(found, expected, atol=1e-4 * expected.abs().max().item(), rtol=0)
    largest = expected_gradient.abs().max().item()
    torch.testing.assert_close(found_gradient, expected_gradient, atol=1e-4 * largest, rtol=0)
    kept = path.with_suffix(".safetensors")
    save(kept, extractor, {"network": rebuilt, "input": record(path, side)["input"]}, {})
    assert torch.equal(load(kept)(pictures), extractor(pictures))


def residual_scaled(x, number: int, scale_layer):
    """A block of Inception-ResNet."""
    a = L.Conv2D(6, 1, padding="same", use_bias=False, name=f"b{number}_a")(x)
    a = L.BatchNormalization(scale=False, epsilon=1e-3, name=f"b{number}_n")(a)
    a = L.Activation("relu", name=f"b{number}_r")(a)
    b = L.Conv2D(6, (1, 3), padding="same", name=f"b{number}_b")(x)
    b = L.Conv2D(6, (3, 1), padding="same", activation="relu", name=f"b{number}_c")(b)
    y = L.Concatenate(name=f"b{number}_cat")([a, b])
    return scale_layer(x, L.Conv2D(x.shape[-1], 1, name=f"b{number}_up")(y))


def inception_resnet(scale_layer):
    image = keras.Input((29, 29, 3))
    x = L.ZeroPadding2D(((1, 0), (2, 1)))(image)
    x = L.Conv2D(8, 3, strides=2, use_bias=False)(x)
    x = L.BatchNormalization(axis=3)(x)
    x = L.Activation("relu")(x)
    x = L.MaxPooling2D(3, strides=2, padding="same")(x)
    x = residual_scaled(x, 0, scale_layer)
    x = L.Concatenate()([L.MaxPooling2D(3, strides=2)(x), L.AveragePooling2D(3, strides=2)(x)])
    x = L.GlobalAveragePooling2D()(x)
    x = L.Dropout(0.4)(x)
    x = L.Dense(12, use_bias=False)(x)
    return keras.Model(image, L.BatchNormalization(scale=False)(x))


def separate_sum(x, y):
    return L.Add()([x, L.Rescaling(0.17)(y)])


def dense_net():
    image = keras.Input((32, 32, 3))
    x = L.Conv2D(6, 7, strides=2, use_bias=False)(L.ZeroPadding2D(3)(image))
    x = L.ReLU()(L.BatchNormalization(epsilon=1.001e-5)(x))
    x = L.MaxPooling2D(3, strides=2)(L.ZeroPadding2D(1)(x))
    for _ in range(2):
        y = L.Activation("relu")(L.BatchNormalization()(x))
        y = L.Conv2D(5, 3, padding="same", use_bias=False)(y)
        x = L.Concatenate()([x, y])
    x = L.AveragePooling2D(2, strides=2)(L.Conv2D(8, 1)(x))
    return keras.Model(image, L.Dense(7, activation="softmax")(L.Flatten()(x)))


def efficient_net():
    """A model of models, as Fawkes' extractors are: normalization, depthwise convolutions, squeeze and excitation."""
    image = keras.Input((30, 30, 3))
    x = L.Normalization(axis=-1)(L.Rescaling(2.0, offset=-0.3)(image))
    x = L.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = L.Activation("swish")(L.BatchNormalization()(x))
    x = L.DepthwiseConv2D(5, strides=2, padding="valid", use_bias=False)(L.ZeroPadding2D(((1, 2), (1, 2)))(x))
    x = L.BatchNormalization()(x)
    s = L.Reshape((1, 1, 8))(L.GlobalAveragePooling2D()(x))
    s = L.Conv2D(8, 1, padding="same", activation="sigmoid")(L.Conv2D(2, 1, padding="same", activation="swish")(s))
    x = L.Multiply()([x, s])
    x = L.SeparableConv2D(6, 3, dilation_rate=1, depth_multiplier=2, padding="same", activation="relu6")(x)
    backbone = keras.Model(image, x, name="backbone")
    inner = keras.Input((7, 7, 6))
    head = keras.Sequential(
        [keras.Input((7, 7, 6)), L.AveragePooling2D(3, strides=2, padding="same"), L.Flatten(), L.Dense(9)], name="head"
    )
    head = keras.Model(inner, head(L.PReLU(shared_axes=[1, 2])(inner)), name="outer_head")
    outside = keras.Input((30, 30, 3))
    return keras.Model(outside, head(backbone(outside)))


def odds_and_ends():
    image = keras.Input((20, 17, 3))
    x = L.Conv2D(6, 3, strides=(2, 1), padding="same", groups=3)(image)
    x = L.LeakyReLU(0.3)(L.Cropping2D(((1, 2), (0, 1)))(x))
    y = L.DepthwiseConv2D(3, depth_multiplier=2, padding="same", dilation_rate=2, activation="tanh")(x)
    z = L.Conv2D(12, 3, padding="same", dilation_rate=2, activation="elu")(x)
    x = L.Average()([L.Maximum()([y, z]), L.Minimum()([y, z]), L.Subtract()([y, z])])
    x = L.ReLU(max_value=1.0, negative_slope=0.1)(L.Permute((2, 1, 3))(x))
    x = L.Concatenate(axis=1)([x, x])
    x = L.Multiply()([L.GlobalMaxPooling2D(keepdims=True)(x), L.MaxPooling2D((2, 3), strides=2, padding="same")(x)])
    x = L.Reshape((-1, 3))(L.GlobalAveragePooling2D()(x))
    return keras.Model(image, L.Activation("selu")(L.Dense(5, activation="gelu")(L.Flatten()(x))))


NETS = {
    "inception_resnet": (lambda: inception_resnet(separate_sum), 29),
    "dense_net": (dense_net, 32),
    "efficient_net": (efficient_net, 30),
    "sequential": (
        lambda: keras.Sequential(
            [
                keras.Input((16, 16, 3)),
                L.ZeroPadding2D((1, 1)),
                L.Conv2D(4, 3, activation="relu"),
                L.Flatten(),
                L.Dense(6),
            ]
        ),
        16,
    ),
}


@pytest.mark.parametrize("name", NETS)
def test_nets_that_keras_saved_give_what_keras_gives(tmp_path, name):
    make, side = NETS[name]
    model = stirred(make())
    for layer in model.get_layer("backbone").layers if name == "efficient_net" else ():
        if isinstance(layer, L.Normalization):
            layer.finalize_state()  # Keras computes with a copy of the statistics
    assert_as_in_keras(model, saved(model, tmp_path / "net.h5"), side)


def test_rectangles_and_rare_layers(tmp_path):
    model = stirred(odds_and_ends())
    path = saved(model, tmp_path / "net.h5")
    graph, state = ours.read(path)
    network = ours.build(graph)
    network.load_state_dict(state, strict=True)
    x = torch.rand(2, 3, 20, 17, generator=torch.Generator().manual_seed(2))
    expected = model(x.permute(0, 2, 3, 1), training=False)
    torch.testing.assert_close(network.eval()(x), expected, atol=1e-5, rtol=1e-4)


def rewritten(path: Path, change) -> Path:
    """The file with its list of layers changed by `change(config)`."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config = change(config) or config
        file.attrs["model_config"] = json.dumps(config)
    return path


def small(*layers) -> "keras.Model":
    return stirred(keras.Sequential([keras.Input((9, 9, 3)), *layers, L.Flatten(), L.Dense(4, name="last")]))


def as_keras_2(config: dict) -> None:
    """The list of layers as Keras 2 writes it: bare references, other names of options."""

    def references(node):
        if isinstance(node, dict):
            return [[*node["config"]["keras_history"], {}]]
        return [each for inner in node for each in references(inner)]

    for layer in config["config"]["layers"]:
        inner = layer["config"]
        inner["dtype"] = "float32"
        if "batch_shape" in inner:
            inner["batch_input_shape"] = inner.pop("batch_shape")
        layer["inbound_nodes"] = [references(node["args"]) for node in layer["inbound_nodes"]]
        if layer["class_name"] == "Functional":
            as_keras_2(layer)
            # Keras 2 counts the call that made an inner model first.
            inner["input_layers"], inner["output_layers"] = [inner["input_layers"]], [inner["output_layers"]]
            layer["class_name"] = "Model"


def test_files_of_keras_2_are_read_alike(tmp_path):
    """Bare references, chunked names, `:0` behind the arrays' names, and an inner model whose second call counts."""
    image, outside = keras.Input((12, 12, 3)), keras.Input((12, 12, 3))
    inner = keras.Model(image, L.BatchNormalization(name="bn")(L.Conv2D(4, 3, name="conv")(image)), name="inner")
    pooled = L.GlobalAveragePooling2D()(inner(outside))
    model = stirred(keras.Model(outside, L.Dense(5)(pooled)))
    path = saved(model, tmp_path / "net.h5")

    def change(config):
        as_keras_2(config)
        pool = next(each for each in config["config"]["layers"] if each["class_name"].startswith("Global"))
        pool["inbound_nodes"][0][0][1] = 1
        config["config"]["input_layers"] = [config["config"]["input_layers"]]
        config["config"]["output_layers"] = [config["config"]["output_layers"]]

    rewritten(path, change)
    with h5py.File(path, "r+") as file:
        weights = file["model_weights"]
        names = list(weights.attrs["layer_names"])
        del weights.attrs["layer_names"]
        weights.attrs["layer_names0"], weights.attrs["layer_names1"] = names[:1], names[1:]
        for group in weights.values():
            told = [f"{name}:0".encode() for name in group.attrs["weight_names"]]
            for name in group.attrs["weight_names"]:
                group.move(name, f"{name}:0")
            group.attrs["weight_names"] = told
    assert_as_in_keras(model, path, 12)


def test_a_layer_before_the_last_can_be_the_embedding(tmp_path):
    model = stirred(dense_net())
    path = saved(model, tmp_path / "net.h5")
    flat = next(layer.name for layer in model.layers if isinstance(layer, L.Flatten))
    assert_as_in_keras(keras.Model(model.inputs, model.get_layer(flat).output), path, 32, output=flat)
    with pytest.raises(InputError, match=r"has no layer 'none' to take as output; the last are .*dense"):
        import_published(path, record(path, 32, output="none"))


@pytest.mark.parametrize("meaning", ["scale", "scaled_sum"])
def test_lambdas_are_what_the_record_says_and_their_code_is_never_run(tmp_path, meaning):
    trap = tmp_path / "executed"

    touched = f"__import__('pathlib').Path({str(trap)!r}).touch()"
    code = eval(f"lambda x, scale: ({touched}, x[0] + x[1] * scale if isinstance(x, list) else x * scale)[1]")

    def scaled(x, y):
        layer = L.Lambda(code, arguments={"scale": 0.3}, output_shape=x.shape[1:])
        return layer([x, y]) if meaning == "scaled_sum" else L.Add()([x, layer(y)])

    model = stirred(inception_resnet(scaled))
    path = saved(model, tmp_path / "net.h5")
    keras.models.load_model(path, safe_mode=False)(np.zeros((1, 29, 29, 3), np.float32))
    assert trap.exists(), "the trap itself must work"
    trap.unlink()
    with pytest.raises(
        InputError, match=r"is a Lambda, whose Python code in the file is never run; .* scale or scaled"
    ):
        import_published(path, record(path, 29))
    import_published(path, record(path, 29, lambdas=meaning))
    assert not trap.exists()
    assert_as_in_keras(model, path, 29, lambdas=meaning)


def _set(layer: str, **options):
    def change(config):
        each = next(each for each in config["config"]["layers"] if each["config"]["name"] == layer)
        each["config"].update(options)

    return change


def _become(**parts):
    return lambda config: config["config"]["layers"][1].update(parts)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_become(class_name="Conv3D"), r"layer 'c' is of the unknown kind 'Conv3D'; known are"),
        (_become(class_name="Conv2D", registered_name="theirs>Conv2D"), r"unknown kind 'Conv2D'"),
        (_become(module="os.path", class_name="Conv2D"), r"unknown kind 'Conv2D'"),
        (_set("c", activation="hard_sigmoid"), r"unknown activation 'hard_sigmoid'"),
        (_set("c", activation={"class_name": "function", "config": "relu"}), r"unknown activation"),
        (_set("c", data_format="channels_first"), r"has data_format channels_first; only channels_last"),
        (_set("c", padding="causal"), r"padding 'causal'; only valid and same"),
        (_set("c", surprise=1), r"has the unknown option 'surprise'"),
        (_set("c", kernel_size=[5, 5]), r"its kernel has shape \[3, 3, 3, 2\], not \[5, 5\] in front"),
        (_set("c", use_bias=False), r"array 'bias' is extra"),
        (_set("c", strides=[2, 2]), r"layer 'last' \(Dense\) does not take what comes to it"),
        (_set("c", strides="x"), r"damaged|does not take"),
        (lambda config: config["config"].pop("layers"), r"list of layers is damaged"),
        (lambda config: [1, 2], r"list of layers is damaged"),
        (
            lambda config: config["config"].update(layers=config["config"]["layers"][:2]),
            r"layer 'c' gives \[7, 7, 2\] for a picture, no row",
        ),
    ],
)
def test_what_is_unknown_or_does_not_fit_is_told_in_one_line(tmp_path, change, told):
    path = rewritten(saved(small(L.Conv2D(2, 3, name="c")), tmp_path / "net.h5"), change)
    with pytest.raises(InputError, match=told) as error:
        import_published(path, record(path, 9))
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def _kernel(file):
    return file["model_weights"]["c"]


def _drop(file):
    group = _kernel(file)
    group.attrs["weight_names"] = [name for name in group.attrs["weight_names"] if "bias" not in name]


def _poison(file):
    group = _kernel(file)
    group[group.attrs["weight_names"][0]][0, 0, 0, 0] = np.nan


def _reshape(file):
    group = _kernel(file)
    name = group.attrs["weight_names"][1]
    del group[name]
    group[name] = np.zeros(3, np.float32)


def _link(file):
    group, other = _kernel(file), Path(file.filename).with_name("other.h5")
    name = group.attrs["weight_names"][1]
    with h5py.File(other, "w") as there:
        there["bias"] = np.zeros(2, np.float32)
    del group[name]
    group[name] = h5py.ExternalLink(str(other), "bias")


def _lose(file):
    del _kernel(file)[_kernel(file).attrs["weight_names"][1]]


def _swell(file):
    group = _kernel(file)
    name = group.attrs["weight_names"][1]
    del group[name]
    group.create_dataset(name, (2**40,), "f4", chunks=(1024,))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (_drop, r"layer 'c' \(Conv2D\): its array 'bias' is missing"),
        (_poison, r"tensor 'layers\.c\.kernel' holds NaN"),
        (_reshape, r"layer 'c' \(Conv2D\) does not take what comes to it|does not take"),
        (_link, r"lies in another file"),
        (_lose, r"damaged, or not written by Keras"),
        (_swell, r"absurdly large"),
        (lambda file: file.attrs.pop("model_config"), r"holds no list of layers"),
    ],
)
def test_damaged_arrays_are_told_in_one_line(tmp_path, harm, told):
    path = saved(small(L.Conv2D(2, 3, name="c")), tmp_path / "net.h5")
    with h5py.File(path, "r+") as file:
        harm(file)
    with pytest.raises(InputError, match=told) as error:
        import_published(path, record(path, 9))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kept", [0, 100, 3000, 9000])
def test_truncated_files_are_refused(tmp_path, kept):
    path = saved(small(L.Conv2D(2, 3)), tmp_path / "net.h5")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"HDF5|damaged|list of layers"):
        import_published(path, record(path, 9))


def test_gradients_are_those_of_finite_differences(tmp_path):
    graph, state = ours.read(saved(stirred(efficient_net()), tmp_path / "net.h5"))
    network = ours.build(graph)
    network.load_state_dict(state)
    network.double().eval().requires_grad_(False)
    x = torch.rand(1, 3, 30, 30, generator=torch.Generator().manual_seed(3), dtype=torch.float64).requires_grad_()
    [gradient] = torch.autograd.grad(network(x).square().sum(), x)
    step = torch.randn(x.shape, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    with torch.no_grad():
        ahead, behind = (network(x + sign * 1e-6 * step).square().sum() for sign in (1, -1))
    assert float((gradient * step).sum()) == pytest.approx(float((ahead - behind) / 2e-6), rel=1e-5)


def test_keras_is_not_needed(tmp_path, monkeypatch):
    path = saved(stirred(dense_net()), tmp_path / "net.h5")
    monkeypatch.setitem(sys.modules, "keras", None)
    ours.build(ours.read(path)[0])


def vgg_face(width: float) -> "keras.Model":
    """As deepface builds it for its file of weights, narrower."""
    layers = [keras.Input((224, 224, 3))]
    for block, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers += [L.ZeroPadding2D((1, 1)), L.Conv2D(round(block * width), (3, 3), activation="relu")]
        layers.append(L.MaxPooling2D((2, 2), strides=(2, 2)))
    features = round(4096 * width)
    layers += [L.Conv2D(features, (7, 7), activation="relu"), L.Dropout(0.5)]
    layers += [L.Conv2D(features, (1, 1), activation="relu"), L.Dropout(0.5), L.Conv2D(9, (1, 1))]
    return stirred(keras.Sequential([*layers, L.Flatten(), L.Activation("softmax")]))


def test_weights_alone_are_read_for_a_network_that_has_the_layers(tmp_path):
    model, path = vgg_face(1 / 16), tmp_path / "vgg_face.weights.h5"
    with h5py.File(path, "w") as file:
        # What Keras 2's save_weights writes: the group model_weights of a whole model, as the file itself.
        whole = h5py.File(saved(model, tmp_path / "whole.h5"), "r")["model_weights"]
        for name in whole:
            whole.copy(name, file)
        file.attrs.update(whole.attrs)
    told = record(path, 224)
    told["weights"]["format"] = "keras"
    extractor, _ = import_published(path, {**told, "network": {"name": "vgg_face", "width": 1 / 16}})
    pictures = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    features = keras.Model(model.inputs, L.Flatten()(model.layers[-5].output))
    expected = features(pictures.permute(0, 2, 3, 1), training=False)
    assert expected.max() > 0
    torch.testing.assert_close(extractor(pictures), expected, atol=1e-5 * expected.max().item(), rtol=0)
    with pytest.raises(InputError, match="holds no list of layers"):
        import_published(path, told)
    with h5py.File(path, "r+") as file:
        file.attrs["layer_names"] = list(file.attrs["layer_names"])[:8]
    told["weights"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(InputError, match=r"does not hold the weights of network vgg_face .*arrays, not 30"):
        import_published(path, {**told, "network": {"name": "vgg_face", "width": 1 / 16}})

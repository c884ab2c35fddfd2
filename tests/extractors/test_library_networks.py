"""Networks from libraries, imported from files in their releases' format, against the libraries' own modules."""

import builtins
import json

import facenet_pytorch
import open_clip
import pytest
import timm
import torch
import torchvision
from published_files import assert_gradient_is_a_slope, assert_same_map, imported, stirred
from torch import nn

from uncloak.errors import InputError
from uncloak.extractors.networks import frbench
from uncloak.extractors.networks import open_clip as image_towers
from uncloak.extractors.networks import timm as timm_networks
from uncloak.extractors.networks import torchvision as vision


def normalized(module: nn.Module):
    """The library's map of pictures in [0,1]."""
    return lambda pictures: module((pictures - 0.5) / 0.5)


def test_facenet_pytorch_gives_what_its_own_module_gives(tmp_path):
    own = stirred(facenet_pytorch.InceptionResnetV1(classify=False), 160)
    published = {**own.state_dict(), "logits.weight": torch.zeros(7, 512), "logits.bias": torch.zeros(7)}
    with pytest.raises(InputError, match=r"tensor 'logits\.bias' is extra: a head .* named in weights\.drop"):
        imported(tmp_path / "own.pt", published, {"name": "facenet_pytorch"}, 160)
    extractor = imported(tmp_path / "own.pt", published, {"name": "facenet_pytorch"}, 160, drop=["logits"])
    assert_same_map(extractor, normalized(own), 160)
    with torch.no_grad():
        torch.testing.assert_close(extractor(torch.rand(1, 3, 160, 160)).norm(), torch.tensor(1.0))


TOWERS = {
    "uncloak-tiny": {"vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8}},
    "uncloak-tiny-siglip": {
        "custom_text": True,
        "init_logit_bias": -10,
        "vision_cfg": {"image_size": 32, "timm_model_name": "resnet10t", "timm_pool": "", "timm_proj": "linear"},
    },
}
TEXT = {"context_length": 5, "vocab_size": 11, "width": 32, "heads": 2, "layers": 1}
DROP = {
    "uncloak-tiny": [
        *("transformer", "token_embedding", "positional_embedding", "ln_final", "text_projection", "logit_scale")
    ],
    "uncloak-tiny-siglip": ["text", "logit_scale", "logit_bias"],
}


@pytest.fixture(scope="module")
def towers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("configs")
    for name, config in TOWERS.items():
        (folder / f"{name}.json").write_text(json.dumps({"embed_dim": 24, "text_cfg": TEXT, **config}))
    open_clip.add_model_config(folder)


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
@pytest.mark.parametrize("name", TOWERS)
def test_open_clip_gives_what_encode_image_gives(name, suffix, towers, tmp_path):
    whole = open_clip.create_model(name, load_weights=False, force_quick_gelu=name == "uncloak-tiny")
    stirred(whole.visual, 32)
    network = {"name": "open_clip", "model": name, **({"quick_gelu": True} if name == "uncloak-tiny" else {})}
    extractor = imported(tmp_path / f"whole{suffix}", whole.state_dict(), network, 32, drop=DROP[name])
    assert_same_map(extractor, normalized(whole.encode_image), 32)
    assert all(key.startswith("visual.") for key in extractor.network.state_dict())
    with pytest.raises(InputError, match=r"tensor 'logit_(scale|bias)' is extra"):
        imported(tmp_path / f"whole{suffix}", whole.state_dict(), network, 32, drop=DROP[name][:-1] or ["text"])
    alone = imported(tmp_path / f"alone{suffix}", whole.visual.state_dict(), network, 32)
    assert_same_map(alone, extractor, 32)


def test_the_activation_of_open_clip_is_the_records(towers, tmp_path):
    visual = stirred(open_clip.create_model("uncloak-tiny", load_weights=False).visual, 32)
    maps = [
        imported(
            tmp_path / "own.pt",
            visual.state_dict(),
            {"name": "open_clip", "model": "uncloak-tiny", "quick_gelu": quick},
            32,
        )
        for quick in (False, True)
    ]
    assert_same_map(maps[0], normalized(visual), 32)
    with pytest.raises(AssertionError, match="not close"):
        assert_same_map(maps[1], normalized(visual), 32)
    assert_gradient_is_a_slope(maps[0], 32)


@pytest.mark.parametrize(
    ("model", "options", "own", "side"),
    [
        # EdgeFace-XS is this one with 512 outputs.
        ("edgenext_xx_small", {"dimension": 24}, {"num_classes": 24}, 64),
        ("resnet10t", {}, {"num_classes": 0}, 32),
        ("resnet10t", {"pool": "max"}, {"num_classes": 0, "global_pool": "max"}, 32),
        ("vit_tiny_patch16_224", {"size": 32}, {"num_classes": 0, "img_size": 32}, 32),
        (
            "vit_tiny_patch16_224",
            {"size": 32, "pool": "avg", "dimension": 9},
            {"num_classes": 9, "img_size": 32, "global_pool": "avg"},
            32,
        ),
    ],
)
def test_timm_gives_what_its_own_model_gives(model, options, own, side, tmp_path):
    own = stirred(timm.create_model(model, **own), side)
    extractor = imported(tmp_path / "own.pth", own.state_dict(), {"name": "timm", "model": model, **options}, side)
    assert_same_map(extractor, normalized(own), side)
    assert_gradient_is_a_slope(extractor, side)


def test_dinov2s_positions_are_resampled_as_timm_resamples_them_when_it_loads_them(tmp_path):
    """Weights for 42 pixels (3 x 3 patches of 14), pictures of 112 (8 x 8), as timm's loading would have them."""
    small = {"depth": 1, "embed_dim": 32, "num_heads": 2, "num_classes": 0}
    published = stirred(timm.create_model("vit_small_patch14_dinov2", img_size=42, **small), 42).state_dict()
    own = timm.create_model("vit_small_patch14_dinov2", img_size=112, **small).eval()
    own.load_state_dict(timm.models.vision_transformer.checkpoint_filter_fn(published, own))
    resampling = timm_networks.create("vit_small_patch14_dinov2", 0, img_size=42, dynamic_img_size=True, depth=1,
                                      embed_dim=32, num_heads=2)  # fmt: skip
    resampling.load_state_dict(published)
    assert_same_map(resampling.eval(), own, 112)
    built = timm_networks.build("vit_small_patch14_dinov2", size=42, any_size=True)
    assert built.dynamic_img_size
    assert built.pos_embed.shape[1] == 1 + 3 * 3


@pytest.mark.parametrize(
    ("model", "head", "side", "dropped"),
    [
        ("resnet18", "fc", 64, "fc"),
        ("mobilenet_v3_small", "classifier.3", 64, "classifier.3"),
        ("vit_b_16", "heads.head", 32, "heads"),
    ],
)
def test_torchvision_gives_its_own_features_and_outputs(model, head, side, dropped, tmp_path, monkeypatch):
    if model.startswith("vit"):  # a small one in its place
        tiny = {"patch_size": 16, "num_layers": 1, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 32}
        get_model = torchvision.models.get_model
        monkeypatch.setattr(
            vision.models,
            "get_model",
            lambda name, **options: (
                torchvision.models.VisionTransformer(**tiny, **options) if name == model else get_model(name, **options)
            ),
        )
        own = torchvision.models.VisionTransformer(**tiny, image_size=side, num_classes=9)
    else:
        own = torchvision.models.get_model(model, num_classes=9)
    stirred(own, side)
    network = {"name": "torchvision", "model": model, **({"size": side} if model.startswith("vit") else {})}
    whole = imported(tmp_path / "own.pth", own.state_dict(), {**network, "dimension": 9}, side)
    assert_same_map(whole, normalized(own), side)
    assert_gradient_is_a_slope(whole, side)
    features = imported(tmp_path / "own.pth", own.state_dict(), network, side, drop=[dropped])
    own.set_submodule(head, nn.Identity())
    assert_same_map(features, normalized(own), side)


def test_pictures_of_a_size_that_the_network_does_not_take_are_told(tmp_path):
    own = timm.create_model("vit_tiny_patch16_224", num_classes=0).state_dict()
    with pytest.raises(InputError, match=r"timm: cannot take a picture of \[64, 64\] .*input\.size"):
        imported(tmp_path / "own.pt", own, {"name": "timm", "model": "vit_tiny_patch16_224"}, 64)


def test_what_libraries_do_not_have_is_told_in_one_line():
    for build, words in (
        (lambda: vision.build("resnet19"), "torchvision: has no classifier 'resnet19'"),
        (lambda: vision.build("squeezenet1_0"), "'squeezenet1_0' ends in no linear layer; give its dimension"),
        (lambda: image_towers.build("ViT-B-33"), "open_clip: has no model 'ViT-B-33'; take one of .*ViT-B-32"),
        (lambda: image_towers.build("coca_ViT-B-32"), "'coca_ViT-B-32' has no image tower of its own"),
        (lambda: timm_networks.build("resnet18", size=64), "timm: cannot build 'resnet18' .*img_size"),
        (lambda: timm_networks.build("resnet19"), "timm: has no model 'resnet19'"),
        (lambda: frbench.build("irse-99"), "frbench: has no backbone 'irse-99'; take one of .*irse-100"),
        (lambda: frbench.build("irse-18", depth=3), "frbench: cannot build 'irse-18' .*depth"),
    ):
        with pytest.raises(InputError, match=words) as error:
            build()
        assert "\n" not in str(error.value)


def test_frbench_is_asked_for_only_where_it_is_used(monkeypatch):
    own = builtins.__import__

    def missing(name, *rest):
        if name.split(".")[0] == "frbench":
            raise ModuleNotFoundError(name)
        return own(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InputError, match="frbench: the package is missing; install the extra frbench"):
        frbench.build("irse-18")


@pytest.mark.parametrize(
    ("backbone", "options"),
    [
        ("mobilefacenet", {}),
        ("mobilenetv3-s", {"num_features": 64}),
        ("mobilevit-xxs", {}),
        ("convnextv2-atto", {}),
        ("irse-18", {}),
    ],
)
def test_frbench_gives_what_its_own_pipeline_gives(backbone, options, tmp_path):
    """A cache as its downloader leaves it: manifest, config and weights; faces aligned, no flip, no detector."""
    package = pytest.importorskip("frbench")
    yaml = pytest.importorskip("yaml")
    name = f"{backbone}_arcface_ms1m"
    (tmp_path / name).mkdir()
    contents = {"config": "config.yaml", "weight": "model.pt"}
    entries = {name: {"target_name": name, "contents": contents}, "retinaface_mobilenetv1": {}}
    (tmp_path / "manifest.json").write_text(json.dumps(entries))
    input = {"size": [112, 112], "mean": [0.5] * 3, "var": [0.5] * 3, "channel": "rgb"}
    config = {"backbone": {"name": backbone, "kwargs": options}, "input": input}
    (tmp_path / name / "config.yaml").write_text(yaml.safe_dump(config))
    state = stirred(frbench.build(backbone, **options), 112).state_dict()
    extractor = imported(tmp_path / name / "model.pt", state, {"name": "frbench", "backbone": backbone, **options}, 112)
    with package.configure_scoped(cache=str(tmp_path), update_check=False, verbose=False):
        own = package.FR(backbone, "arcface", "ms1m", eager_load=True)
    assert_same_map(
        lambda faces: extractor(faces / 255),
        lambda faces: own(faces, need_crop=False, tta=()).embeddings,
        112,
        levels=255,
    )
    assert_gradient_is_a_slope(extractor, 112)

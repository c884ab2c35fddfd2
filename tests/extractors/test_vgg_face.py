"""VGG-Face: its published names and layers, written out in another way."""

import pytest
import torch
import torch.nn.functional as F

from uncloak.extractors.networks import vgg_face

WIDTHS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
CONVOLUTIONS = ["1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "4_1", "4_2", "4_3", "5_1", "5_2", "5_3"]


@pytest.fixture(scope="module")
def state():
    """A file like the published one, of random numbers."""
    random, found, width = torch.Generator().manual_seed(1), {}, 3
    for name, wider in zip(CONVOLUTIONS, WIDTHS, strict=True):
        scale = (2 / (9 * width)) ** 0.5
        found[f"conv{name}.weight"] = scale * torch.randn(wider, width, 3, 3, generator=random)
        found[f"conv{name}.bias"] = 0.1 * torch.randn(wider, generator=random)
        width = wider
    for name, inputs, outputs in (("fc6", 7 * 7 * 512, 4096), ("fc7", 4096, 4096)):
        found[f"{name}.weight"] = torch.randn(outputs, inputs, generator=random) * (2 / inputs) ** 0.5
        found[f"{name}.bias"] = 0.1 * torch.randn(outputs, generator=random)
    return found | {"fc8.weight": torch.zeros(2622, 1), "fc8.bias": torch.zeros(2622)}


def test_vgg_face_is_the_published_network(state):
    network = vgg_face.build().eval()
    network.load_state_dict(vgg_face.translate(state))
    faces = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(2))
    x = faces
    for name in CONVOLUTIONS:
        x = F.relu(F.conv2d(x, state[f"conv{name}.weight"], state[f"conv{name}.bias"], padding=1))
        if name in ("1_2", "2_2", "3_3", "4_3", "5_3"):
            x = F.max_pool2d(x, 2)
    x = F.relu(F.linear(x.flatten(1), state["fc6.weight"], state["fc6.bias"]))
    x = F.relu(F.linear(x, state["fc7.weight"], state["fc7.bias"]))
    with torch.no_grad():
        torch.testing.assert_close(network(faces), x, rtol=1e-4, atol=1e-4)
    assert x.std() > 0.1


def test_a_foreign_file_is_refused(state):
    for changed in ({**state, "conv9_1.weight": state["fc8.bias"]}, {k: v for k, v in state.items() if "3_3" not in k}):
        with pytest.raises(KeyError, match=r"conv9_1\.weight|conv3_3\.weight"):
            vgg_face.translate(changed)

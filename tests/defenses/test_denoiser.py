"""The learned denoiser: what its network computes, what it learns, and what its file keeps."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.signal import correlate2d

torch = pytest.importorskip("torch")

from uncloak.checkpoints import Checkpoint  # noqa: E402
from uncloak.defenses import denoiser  # noqa: E402
from uncloak.defenses.denoiser import Denoiser, Options, learn  # noqa: E402
from uncloak.defenses.lessons import Lessons  # noqa: E402
from uncloak.errors import InputError  # noqa: E402
from uncloak.extractors.weights import save  # noqa: E402

RECORD = {"dataset": "public", "attacks": ("lowkey",), "features": ("arcface",)}


def options(learned="", **more):
    return Options(1, str(learned), **{**RECORD, "width": 6, "depth": 1, **more})


def clean(count=24, side=16):
    smooth = gaussian_filter(np.random.default_rng(3).normal(size=(count, side, side, 3)), (0, 3, 3, 0))
    return np.clip(128 + 50 * smooth / smooth.std(), 20, 235).astype(np.uint8)


def cloaked(faces, step=14):
    """The faces with a fine checkerboard, the same for all."""
    rows, columns = np.indices(faces.shape[1:3])
    return (faces + step * (1 - 2 * ((rows + columns) % 2))[None, :, :, None]).astype(np.uint8)


def lessons(faces):
    perturbed = np.arange(2 * len(faces)) < len(faces)
    return Lessons(np.concatenate([cloaked(faces), faces]), np.concatenate([faces, faces]), perturbed, "them")


class Fine(torch.nn.Module):
    """An extractor of differences between neighbors, which a fine pattern fools."""

    def forward(self, faces):
        return faces.diff(dim=-1).flatten(1)


def kept(path, network, **more):
    save(path, network, {"network": {"name": "denoiser", "width": 6, "depth": 1, **more}}, {})
    return path


@pytest.mark.parametrize("side", [6, 7])
def test_the_network_takes_away_what_convolutions_of_pixels_two_by_two_give(side):
    torch.manual_seed(0)
    network, face = Denoiser(5, 1).double(), np.random.default_rng(0).random((3, side, side))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    even = np.pad(face, ((0, 0), (0, side % 2), (0, side % 2)), mode="edge")
    values = np.stack([even[color, top::2, left::2] for color in range(3) for top in (0, 1) for left in (0, 1)])
    layers = [layer for layer in network.network if hasattr(layer, "weight")]
    assert len(layers) == 3
    for number, layer in enumerate(layers):
        kernels, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        values = np.stack(
            [
                sum(correlate2d(each, one, mode="same") for each, one in zip(values, kernel, strict=True)) + add
                for kernel, add in zip(kernels, bias, strict=True)
            ]
        )
        values = np.maximum(values, 0) if number < 2 else values
    cloak = np.empty_like(even)
    for plane, (color, top, left) in enumerate((c, t, x) for c in range(3) for t in (0, 1) for x in (0, 1)):
        cloak[color, top::2, left::2] = values[plane]
    with torch.no_grad():
        found = network(torch.from_numpy(face)[None])[0].numpy()
    np.testing.assert_allclose(found, face - cloak[:, :side, :side], atol=1e-12)


@pytest.mark.parametrize("side", [15, 16])
def test_what_has_learned_nothing_changes_nothing(tmp_path, side):
    path = kept(tmp_path / "new.safetensors", Denoiser(6, 1))
    np.testing.assert_array_equal(denoiser.faces(clean(side=side), options(path)), clean(side=side))


def test_it_learns_to_take_cloaks_of_others_away_and_to_leave_clean_faces(tmp_path):
    faces = clean(32)
    known, strangers = faces[:24], faces[24:]
    how = options(tmp_path / "learned.safetensors", iterations=150, batch=16, learning_rate=0.01, feature_weight=0.2)
    network, record = learn(lessons(known), [Fine()], how, "mine")
    save(how.learned, network, record, {})
    treated = denoiser.faces(np.concatenate([cloaked(strangers), strangers]), how).astype(float)
    far = np.abs(treated - np.concatenate([strangers, strangers])).mean((1, 2, 3))
    # Each cloak is 14 grey levels.
    assert far[:8].max() < 5
    assert far[8:].max() < 4


def test_features_are_learned_where_pixels_count_little():
    """A loss of features alone, in float64 by hand, is what the first step descends."""
    faces = clean(8)
    torch.manual_seed(0)
    network = Denoiser(6, 1)
    pairs = np.concatenate([cloaked(faces), faces], axis=-1).astype(np.float32).transpose(0, 3, 1, 2) / 255
    found = denoiser._Loss(network, [Fine(), Fine()], 0.7)(torch.from_numpy(pairs))[:, 0].detach().numpy()
    given, wanted = pairs[:, :3].astype(float), pairs[:, 3:].astype(float)
    ours, theirs = (np.diff(each, axis=-1).reshape(8, -1) for each in (given, wanted))
    cosine = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    expected = 10 * ((given - wanted) ** 2).mean((1, 2, 3)) + 0.7 * (1 - cosine)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_killed_training_goes_on_to_the_same_end(tmp_path):
    class Killed(Fine):
        """Ends the training at the 21st batch: it is asked twice for each."""

        calls = 0

        def forward(self, faces):
            self.calls += 1
            if self.calls > 40:
                raise KeyboardInterrupt
            return super().forward(faces)

    how = options(iterations=30, batch=8)
    whole, _ = learn(lessons(clean()), [Fine()], how, "mine")
    with pytest.raises(KeyboardInterrupt):
        learn(lessons(clean()), [Killed()], how, "mine", checkpoint=Checkpoint(tmp_path / "a", "one", 0))
    again, _ = learn(lessons(clean()), [Fine()], how, "mine", checkpoint=Checkpoint(tmp_path / "a", "one", 0))
    other, _ = learn(lessons(clean()), [Fine()], how, "another name")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert not torch.equal(whole.network[0].weight, other.network[0].weight)


def test_a_face_is_treated_alike_in_whatever_company(tmp_path):
    torch.manual_seed(2)
    network = Denoiser(6, 1)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    how, faces = options(kept(tmp_path / "any.safetensors", network)), clean(9)
    whole = denoiser.faces(faces, how)
    assert (whole.dtype, whole.shape) == (np.uint8, faces.shape)
    assert (whole != faces).mean() > 0.5
    for size in (1, 2, 5):
        parts = [denoiser.faces(faces[start : start + size], how) for start in range(0, 9, size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert denoiser.faces(faces[:0], how).shape == (0, 16, 16, 3)


def test_another_networks_file_is_told(tmp_path):
    path = kept(tmp_path / "wide.safetensors", Denoiser(9, 1), width=9)
    with pytest.raises(InputError, match=r"wide\.safetensors: holds no such denoiser but network"):
        denoiser.faces(clean(), options(path))
    with pytest.raises(InputError, match="gone"):
        denoiser.faces(clean(), options(tmp_path / "gone.safetensors"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"width": 0}, "width is 0; it must be above 0"),
        ({"iterations": 0}, "iterations is 0; it must be above 0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan; it must be above 0"),
        ({"depth": -1}, "depth is -1; it must be at least 0"),
        ({"feature_weight": -0.5}, "feature_weight is -0.5; it must be at least 0"),
        ({"strengths": (1.0, 0.0)}, "strengths are 1, 0; all must be above 0"),
        ({"perturbed": 1.0}, "perturbed is 1.0; it must be above 0 and below 1"),
        ({"batch": 1}, "batch is 1; it must be at least 2"),
    ],
)
def test_options_that_cannot_be_are_told(given, message):
    with pytest.raises(InputError, match=message):
        options(**given)

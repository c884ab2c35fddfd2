"""Extractors: preprocessing against independent resampling, published networks against published figures, files."""

import csv
import hashlib
import io
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.ndimage import map_coordinates
from skimage.transform import SimilarityTransform, warp

from uncloak.errors import InputError
from uncloak.extractors import weights
from uncloak.extractors.extractor import Preprocessing, build
from uncloak.extractors.importing import import_published
from uncloak.extractors.networks import dlib_resnet

torch.set_num_threads(1)

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
needs_weights = pytest.mark.skipif(not (SHARED / "weights").is_dir(), reason="published weights are not here")
needs_lfw = pytest.mark.skipif(
    not (SHARED / "weights").is_dir() or not (SHARED / "data" / "lfw").is_dir(),
    reason="LFW or the weights are not here",
)

ARCFACE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
DLIB = np.array([[48.46, 46.49], [102.62, 46.20], [74.62, 79.19], [52.03, 106.89], [98.84, 106.73]])
PLAIN = {"mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]}

RECORDS = {
    "mobilefacenet_casia": {
        "source": {
            "file": "mobilefacenet_casia.ckpt",
            "format": "torch",
            "sha256": "e839247cdbdfc023fb7cadeaf53a4549d50c8fc24ad154c02e35920ea8910d99",
        },
        "network": {"name": "mobilefacenet"},
        "input": {"size": [112, 96], "template": "arcface_112x96", "mean": [0.5] * 3, "std": [128 / 255] * 3},
    },
    "mobilefacenet_ms1m": {
        "source": {
            "file": "mobilefacenet_relu6_ms1m.pt",
            "format": "torch",
            "sha256": "90a00ba1d8b0b688af3deb731ed53dca582e6106805d1bc3cfdef55f570493f4",
        },
        "network": {"name": "mobilefacenet_relu6"},
        "input": {
            "size": [112, 112],
            "template": "arcface",
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
        },
    },
    "dlib_resnet": {
        "source": {
            "file": "dlib_resnet_v1.npz",
            "format": "npz",
            "sha256": "e2dfef13634fddddf1689c28a318fe1ec4bd4e7dd4dbc31d5a3bb83cc134de68",
        },
        "network": {"name": "dlib_resnet"},
        "input": {
            "size": [150, 150],
            "template": "dlib",
            "mean": [122.782 / 255, 117.001 / 255, 104.298 / 255],
            "std": [256 / 255] * 3,
        },
    },
}
PIXELS = {"network": {"name": "pixels"}, "input": {"size": [32, 32], "template": "arcface", **PLAIN}}


def published(name: str):
    source = RECORDS[name]["source"]
    return import_published(SHARED / "weights" / source["file"], source["sha256"], source["format"], RECORDS[name])


def untrained(name: str):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return build(RECORDS[name]).freeze()


def random_faces(count: int, side: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).random((count, 3, side, side), dtype=np.float32))


class Lfw:
    """Photographs with their five points, aligned by scikit-image."""

    def __init__(self):
        points = [
            f"{point}_{axis}"
            for point in ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
            for axis in "xy"
        ]
        with (SHARED / "data" / "lfw" / "landmarks_mtcnn.csv").open() as file:
            self.landmarks = {
                row["file"]: np.array([float(row[point]) for point in points]).reshape(5, 2)
                for row in csv.DictReader(file)
            }

    def first(self, people: int, pictures: int) -> tuple[list[str], np.ndarray]:
        by_person: dict[str, list[str]] = {}
        for name in sorted(self.landmarks):
            by_person.setdefault(name.split("/")[0], []).append(name)
        files = [name for person in list(by_person)[:people] for name in by_person[person][:pictures]]
        return files, np.repeat(np.arange(people), pictures)

    def aligned(self, files: list[str], template: np.ndarray, side: int) -> torch.Tensor:
        crops = []
        for name in files:
            picture = np.asarray(Image.open(SHARED / "data" / "lfw" / name).convert("RGB")) / 255
            transform = SimilarityTransform.from_estimate(self.landmarks[name], template)
            crops.append(warp(picture, transform.inverse, output_shape=(side, side), order=1, mode="edge"))
        return torch.from_numpy(np.stack(crops).astype(np.float32)).permute(0, 3, 1, 2).contiguous()


@pytest.fixture(scope="module")
def lfw():
    return Lfw()


@pytest.fixture(scope="module")
def lfw_faces(lfw):
    files, people = lfw.first(people=40, pictures=4)
    return lfw.aligned(files, ARCFACE, 112), people


# Preprocessing


def test_own_size_and_template_pass_unchanged():
    faces = random_faces(2, 112)
    assert torch.equal(Preprocessing([112, 112], "arcface", **PLAIN)(faces), faces)
    assert torch.equal(Preprocessing([112, 96], "arcface_112x96", **PLAIN)(faces), faces[..., 8:104])
    for side in range(30, 112):
        preprocessing = Preprocessing([side, side], "arcface", **PLAIN)
        assert torch.equal(preprocessing(faces[..., :side, :side]), faces[..., :side, :side])


def test_halving_smooths_with_a_triangle():
    faces = random_faces(1, 224)
    halved = Preprocessing([112, 112], "arcface", **PLAIN)(faces)[0].numpy()
    padded = np.pad(faces[0].numpy().astype(np.float64), ((0, 0), (1, 1), (1, 1)), mode="edge")
    lines = (padded[:, :-3] + 3 * padded[:, 1:-2] + 3 * padded[:, 2:-1] + padded[:, 3:])[:, ::2] / 8
    expected = (lines[..., :-3] + 3 * lines[..., 1:-2] + 3 * lines[..., 2:-1] + lines[..., 3:])[..., ::2] / 8
    np.testing.assert_allclose(halved, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("side", "size", "template"),
    [(64, [112, 112], "arcface"), (112, [150, 150], "dlib"), (80, [112, 96], "arcface_112x96")],
)
def test_enlarging_is_linear_interpolation_with_continued_borders(side, size, template):
    faces = random_faces(1, side)
    found = Preprocessing(size, template, **PLAIN)(faces)[0].numpy()
    scale, shift = 1.0, np.zeros(2)
    if template == "arcface_112x96":
        shift = np.array([-8.0, 0.0])
    if template == "dlib":
        # Scale and shift by ordinary least squares, in the form of a linear system.
        system = np.zeros((10, 3))
        system[:, 0] = ARCFACE.ravel()
        system[0::2, 1] = system[1::2, 2] = 1
        scale, *shift = np.linalg.lstsq(system, DLIB.ravel(), rcond=None)[0]
    rows = ((np.arange(size[0]) - shift[1]) / scale + 0.5) * side / 112 - 0.5
    columns = ((np.arange(size[1]) - shift[0]) / scale + 0.5) * side / 112 - 0.5
    grid = np.meshgrid(rows, columns, indexing="ij")
    expected = [
        map_coordinates(channel.astype(np.float64), grid, order=1, mode="nearest") for channel in faces[0].numpy()
    ]
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_shrinking_is_the_usual_smoothed_resizing():
    """Away from the borders, where libraries differ."""
    faces = random_faces(1, 112)
    found = Preprocessing([48, 48], "arcface", **PLAIN)(faces)
    expected = F.interpolate(faces, (48, 48), mode="bilinear", antialias=True)
    torch.testing.assert_close(found[..., 3:-3, 3:-3], expected[..., 3:-3, 3:-3], rtol=0, atol=1e-5)


def test_normalization_follows_the_order_of_the_channels():
    faces = random_faces(2, 32)
    mean, std = [0.1, 0.2, 0.3], [0.5, 1.0, 2.0]
    found = Preprocessing([32, 32], "arcface", mean, std, color="bgr")(faces).numpy()
    expected = (faces.numpy()[:, ::-1] - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_gradient_may_follow_a_pass_in_inference_mode_and_precision_is_kept_under_autocast():
    preprocessing = Preprocessing([150, 150], "dlib", **PLAIN)
    faces = random_faces(1, 112)
    with torch.inference_mode():
        first = preprocessing(faces).numpy()
    faces.requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        second = preprocessing(faces)
    second.sum().backward()
    assert np.array_equal(first, second.detach().numpy())
    # Every output pixel is a mean of input pixels, so the gradients sum to the number of output pixels.
    assert faces.grad.sum().item() == pytest.approx(3 * 150 * 150, rel=1e-4)


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
    ],
)
def test_bad_records_are_told_in_one_line(change, words):
    with pytest.raises(InputError, match=words) as error:
        build({**PIXELS, **change})
    assert "\n" not in str(error.value)


# Networks


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


@needs_lfw
@pytest.mark.parametrize(
    ("name", "same", "different", "tolerance"),
    [
        ("mobilefacenet_casia", 0.642, 0.028, 0.03),
        ("mobilefacenet_ms1m", 0.660, 0.014, 0.03),
        ("dlib_resnet", 0.952, 0.836, 0.003),
    ],
)
def test_published_extractors_recognize_as_published(lfw_faces, name, same, different, tolerance):
    """Leave-one-out nearest neighbor at least 98 %, mean similarities near those noted with the weights.

    They were noted over five pictures of 158 people, hence a tolerance; with the color channels reversed, each of the
    three networks is outside of it.
    """
    faces, people = lfw_faces
    with torch.inference_mode():
        extractor = published(name)
        embeddings = torch.cat([F.normalize(extractor(batch)) for batch in faces.split(32)]).numpy()
    cosines = embeddings @ embeddings.T
    same_person = people[:, None] == people
    others = ~np.eye(len(people), dtype=bool)
    nearest = np.where(others, cosines, -2).argmax(1)
    assert (people[nearest] == people).mean() >= 0.98
    assert cosines[same_person & others].mean() == pytest.approx(same, abs=tolerance)
    assert cosines[~same_person].mean() == pytest.approx(different, abs=tolerance)


@needs_lfw
@pytest.mark.parametrize("side", [112, 224])
def test_the_chip_cut_from_the_crop_is_like_the_chip_aligned_in_the_photograph(lfw, side):
    extractor = published("dlib_resnet")
    files, _ = lfw.first(people=12, pictures=1)
    normalization = Preprocessing([150, 150], "arcface", RECORDS["dlib_resnet"]["input"]["mean"], [256 / 255] * 3)
    with torch.inference_mode():
        from_crop = extractor(lfw.aligned(files, (ARCFACE + 0.5) * side / 112 - 0.5, side))
        direct = extractor.network(normalization(lfw.aligned(files, DLIB, 150)))
    assert F.cosine_similarity(from_crop, direct).min() > 0.98
    # Well inside dlib's own limit of 0.6 for one person.
    assert (from_crop - direct).norm(dim=1).max() < 0.3


# Published files


@needs_weights
def test_import_is_frozen_and_checks_the_hash_first():
    extractor = published("mobilefacenet_casia")
    assert not extractor.training
    assert not any(parameter.requires_grad for parameter in extractor.parameters())
    path = SHARED / "weights" / "mobilefacenet_casia.ckpt"
    with pytest.raises(InputError, match=r"sha256 e839247cdbdf.*expected 000000000000"):
        import_published(path, "0" * 64, "torch", RECORDS["mobilefacenet_casia"])


@needs_weights
def test_weights_of_another_network_are_refused():
    source = RECORDS["mobilefacenet_ms1m"]["source"]
    for record in (RECORDS["mobilefacenet_casia"], RECORDS["dlib_resnet"]):
        with pytest.raises(InputError, match="does not hold the weights"):
            import_published(SHARED / "weights" / source["file"], source["sha256"], "torch", record)


def test_a_missing_file_is_named_with_its_origin(tmp_path):
    record = {**RECORDS["mobilefacenet_casia"], "source": {"origin": "https://example.org/weights"}}
    with pytest.raises(InputError, match=r"none\.ckpt: no such file; get it from: https://example\.org/weights"):
        import_published(tmp_path / "none.ckpt", "0" * 64, "torch", record)


class Malicious:
    def __init__(self, victim: Path):
        self.victim = victim

    def __reduce__(self):
        return Path.touch, (self.victim,)


def _torch_file(content) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def _npz_file(content) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, content)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("kind", ["torch", "pickle", "npz", "text", "cut"])
def test_files_that_are_not_plain_weights_are_refused_and_never_executed(tmp_path, kind):
    victim = tmp_path / "executed"
    content = {"net_state_dict": Malicious(victim)}
    data = {
        "torch": lambda: _torch_file(content),
        "pickle": lambda: pickle.dumps(content),
        "npz": lambda: _npz_file(np.array([Malicious(victim)], dtype=object)),
        "text": lambda: b"<html>not found</html>",
        "cut": lambda: _torch_file({"net_state_dict": torch.zeros(99)})[:-200],
    }[kind]()
    path = tmp_path / "weights"
    path.write_bytes(data)
    with pytest.raises(InputError, match="not a plain file of weights") as error:
        import_published(
            path, hashlib.sha256(data).hexdigest(), "npz" if kind == "npz" else "torch", RECORDS["mobilefacenet_casia"]
        )
    assert "\n" not in str(error.value)
    assert not victim.exists()
    if kind == "pickle":
        pickle.loads(data)
        assert victim.exists(), "the trap itself must work"


def test_networks_without_published_weights_cannot_be_imported(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"")
    with pytest.raises(InputError, match="pixels: has no published weights"):
        import_published(path, hashlib.sha256(b"").hexdigest(), "torch", PIXELS)
    with pytest.raises(InputError, match="unknown format 'pickle'"):
        import_published(path, hashlib.sha256(b"").hexdigest(), "pickle", RECORDS["mobilefacenet_casia"])


# Our own files

METADATA = {"recipe": "train", "sources": {"faces": "0" * 64}, "clean_error": 0.0125}


def test_a_saved_extractor_comes_back_exactly_from_its_file_alone(tmp_path):
    path = tmp_path / "deep" / "a.safetensors"
    extractor = untrained("mobilefacenet_casia").to(memory_format=torch.channels_last)
    extractor.network.stem[0].norm.num_batches_tracked.fill_(7)
    weights.save(path, extractor, RECORDS["mobilefacenet_casia"], METADATA)
    loaded = weights.load(path)
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    state = loaded.network.state_dict()
    assert state.keys() == extractor.network.state_dict().keys()
    for name, value in extractor.network.state_dict().items():
        assert torch.equal(state[name], value), name
    faces = random_faces(2, 112)
    with torch.inference_mode():
        expected = untrained("mobilefacenet_casia")(faces)
        assert torch.equal(loaded(faces), expected)
    assert weights.read_metadata(path) == {**METADATA, "record": RECORDS["mobilefacenet_casia"]}


def test_saving_again_in_another_process_gives_the_same_bytes(tmp_path):
    script = (
        "import sys; from uncloak.extractors import weights; "
        "e = weights.load(sys.argv[1]); m = weights.read_metadata(sys.argv[1]); r = m.pop('record'); "
        "weights.save(sys.argv[2], e, dict(reversed(r.items())), dict(reversed(m.items())))"
    )
    first, second = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    weights.save(first, untrained("mobilefacenet_casia"), RECORDS["mobilefacenet_casia"], METADATA)
    subprocess.run([sys.executable, "-c", script, first, second], check=True)
    assert first.read_bytes() == second.read_bytes()


def test_an_extractor_without_weights_is_saved_too(tmp_path):
    path = tmp_path / "pixels.safetensors"
    weights.save(path, build(PIXELS), PIXELS, {})
    assert torch.equal(weights.load(path)(random_faces(1, 32)), random_faces(1, 32).reshape(1, -1))


def test_metadata_is_read_without_torch(tmp_path):
    path = tmp_path / "pixels.safetensors"
    weights.save(path, build(PIXELS), PIXELS, METADATA)
    script = (
        "import sys; from uncloak.extractors.weights import read_metadata; "
        "assert read_metadata(sys.argv[1])['clean_error'] == 0.0125; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, path], check=True)


@pytest.mark.parametrize("kept", [0, 5, 100, -1])
def test_a_truncated_file_is_named(tmp_path, kept):
    path = tmp_path / "a.safetensors"
    weights.save(path, untrained("mobilefacenet_casia"), RECORDS["mobilefacenet_casia"], METADATA)
    path.write_bytes(path.read_bytes()[:kept])
    for read in (weights.load, weights.read_metadata):
        with pytest.raises(InputError, match=r"a\.safetensors: truncated .* delete it and run again") as error:
            read(path)
        assert "\n" not in str(error.value)


def test_missing_foreign_and_unfitting_files_are_named(tmp_path):
    from safetensors.numpy import save_file

    path = tmp_path / "a.safetensors"
    with pytest.raises(InputError, match=r"a\.safetensors: no such file"):
        weights.load(path)
    for metadata in (None, {"uncloak": "{}"}, {"uncloak": "[1"}, {"format": "pt"}):
        save_file({"x": np.zeros(2)}, path, metadata=metadata)
        with pytest.raises(InputError, match=r"a\.safetensors: not written by Uncloak"):
            weights.load(path)
    weights.save(path, untrained("mobilefacenet_casia"), RECORDS["mobilefacenet_ms1m"], {})
    with pytest.raises(InputError, match=r"a\.safetensors: its weights do not fit network mobilefacenet_relu6"):
        weights.load(path)
    weights.save(path, build(PIXELS), {**PIXELS, "network": {"name": "gone"}}, {})
    with pytest.raises(InputError, match=r"a\.safetensors: network: unknown name 'gone'"):
        weights.load(path)

"""Published extractors: against published figures on LFW, and their files, whose hash is checked first."""

import csv
import hashlib
import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from configurations import configuration
from extractor_records import ARCFACE, DLIB, PIXELS, RECORDS
from PIL import Image
from skimage.transform import SimilarityTransform, warp

from uncloak.errors import InputError
from uncloak.extractors.extractor import Preprocessing
from uncloak.extractors.importing import import_published
from uncloak.fetching import find
from uncloak.published_files import file_of

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
needs_weights = pytest.mark.skipif(not (SHARED / "weights").is_dir(), reason="published weights are not here")
needs_lfw = pytest.mark.skipif(
    not (SHARED / "weights").is_dir() or not (SHARED / "data" / "lfw").is_dir(),
    reason="LFW or the weights are not here",
)


def with_weights(name: str, **weights: str) -> dict:
    """The record of this name, its weights described otherwise."""
    return {**RECORDS[name], "weights": weights}


def published(name: str):
    config = configuration({"weights": str(SHARED / "weights")})
    path = find(file_of(config, f"extractors.{name}"), config["weights"])
    if path is None:
        pytest.skip(f"the file of {name} is not here")
    return import_published(path, config["extractors"][name])[0]


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


@needs_lfw
@pytest.mark.parametrize(
    ("name", "same", "different", "tolerance", "least"),
    [
        ("mobilefacenet_casia", 0.642, 0.028, 0.03, 0.98),
        ("mobilefacenet_ms1m", 0.660, 0.014, 0.03, 0.98),
        ("mobilefacenet_insightface", 0.681, 0.008, 0.03, 0.98),
        ("mobileface_v3", 0.441, 0.034, 0.03, 0.88),
        ("edgeface_xs", 0.646, 0.009, 0.03, 0.98),
        ("dlib_resnet", 0.952, 0.836, 0.003, 0.98),
    ],
)
def test_published_extractors_recognize_as_published(lfw_faces, name, same, different, tolerance, least):
    """Leave-one-out nearest neighbor, mean similarities near those noted with the weights.

    They were noted over five pictures of 158 people, hence a tolerance; with the color channels reversed, the first,
    second and last are outside of it.
    """
    faces, people = lfw_faces
    with torch.inference_mode():
        extractor = published(name)
        embeddings = torch.cat([F.normalize(extractor(batch)) for batch in faces.split(32)]).numpy()
    cosines = embeddings @ embeddings.T
    same_person = people[:, None] == people
    others = ~np.eye(len(people), dtype=bool)
    nearest = np.where(others, cosines, -2).argmax(1)
    assert (people[nearest] == people).mean() >= least
    assert cosines[same_person & others].mean() == pytest.approx(same, abs=tolerance)
    assert cosines[~same_person].mean() == pytest.approx(different, abs=tolerance)


@needs_lfw
@pytest.mark.parametrize(("side", "margin", "apart"), [(112, 0, 0.3), (224, 0, 0.3), (195, 8, 0.1)])
def test_the_chip_cut_from_the_crop_is_like_the_chip_aligned_in_the_photograph(lfw, side, margin, apart):
    extractor = published("dlib_resnet").for_crops(margin)
    files, _ = lfw.first(people=12, pictures=1)
    normalization = Preprocessing(
        [150, 150], "arcface", mean=RECORDS["dlib_resnet"]["input"]["mean"], std=[256 / 255] * 3
    )
    with torch.inference_mode():
        places = (ARCFACE + margin + 0.5) * side / (112 + 2 * margin) - 0.5
        from_crop = extractor(lfw.aligned(files, places, side))
        direct = extractor.network(normalization(lfw.aligned(files, DLIB, 150)))
    assert F.cosine_similarity(from_crop, direct).min() > 0.98
    # Well inside dlib's own limit of 0.6 for one person.
    assert (from_crop - direct).norm(dim=1).max() < apart


@needs_weights
def test_import_is_frozen_and_checks_the_hash_first():
    extractor = published("mobilefacenet_casia")
    assert not extractor.training
    assert not any(parameter.requires_grad for parameter in extractor.parameters())
    path = SHARED / "weights" / "mobilefacenet_casia.ckpt"
    with pytest.raises(InputError, match=r"sha256 e839247cdbdf.*expected 000000000000"):
        import_published(path, with_weights("mobilefacenet_casia", sha256="0" * 64, format="torch"))


@needs_weights
def test_weights_of_another_network_are_refused():
    weights = RECORDS["mobilefacenet_ms1m"]["weights"]
    for name in ("mobilefacenet_casia", "dlib_resnet"):
        with pytest.raises(InputError, match="does not hold the weights"):
            import_published(SHARED / "weights" / weights["file"], with_weights(name, **weights))


def test_a_missing_file_is_named_with_its_origin(tmp_path):
    record = with_weights("mobilefacenet_casia", origin="https://example.org/weights", sha256="0" * 64)
    with pytest.raises(InputError, match=r"none\.ckpt: no such file; get it from https://example\.org/weights"):
        import_published(tmp_path / "none.ckpt", record)


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
    sha256, format = hashlib.sha256(data).hexdigest(), "npz" if kind == "npz" else "torch"
    with pytest.raises(InputError, match="not a plain file of weights") as error:
        import_published(path, with_weights("mobilefacenet_casia", sha256=sha256, format=format))
    assert "\n" not in str(error.value)
    assert not victim.exists()
    if kind == "pickle":
        pickle.loads(data)
        assert victim.exists(), "the trap itself must work"


def test_networks_without_published_weights_cannot_be_imported(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"")
    sha256 = hashlib.sha256(b"").hexdigest()
    with pytest.raises(InputError, match="pixels: has no published weights"):
        import_published(path, {**PIXELS, "weights": {"sha256": sha256}})
    with pytest.raises(InputError, match="unknown format 'pickle'"):
        import_published(path, with_weights("mobilefacenet_casia", sha256=sha256, format="pickle"))

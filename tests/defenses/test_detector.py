"""The detector of perturbed faces: its network, how it learns, and its file."""

import hashlib
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cloaked_faces import SIDE, cloaked, smooth_faces
from scipy import ndimage

from uncloak.errors import InputError
from uncloak.published_files import OURS

torch = pytest.importorskip("torch")

from torchvision.models import mobilenet_v2  # noqa: E402

from uncloak.defenses import detection  # noqa: E402
from uncloak.defenses.detection import Detector, build, load, residual, save, score, train  # noqa: E402
from uncloak.records import detectors as records  # noqa: E402
from uncloak.records.reading import read  # noqa: E402


def record(**options) -> records.Detector:
    return read(records.Detector, {"attacks": ["lowkey"], "identities": {"train": 1, "test": 1}, **options})


SMALL = {"weights": "scratch", "input": "residual", "width": 0.1}
QUICK = record(**SMALL, epochs=12, batch=8, learning_rate=0.02, schedule="one_cycle")


def trained(seed: int = 1) -> Detector:
    clean = smooth_faces(40, 0)
    return train(build(QUICK, seed, "d"), clean, cloaked(clean, 1), QUICK, seed, "d")


@pytest.fixture(scope="module")
def detector() -> Detector:
    return trained()


def weights_of(module: torch.nn.Module) -> bytes:
    return b"".join(value.numpy().tobytes() for value in module.state_dict().values())


def test_the_residual_is_what_a_gaussian_blur_takes_away():
    faces = np.random.default_rng(0).random((2, 3, 17, 12))
    blurred = ndimage.gaussian_filter(faces, (0, 0, 1, 1), mode="mirror", radius=(0, 0, 3, 3))
    np.testing.assert_allclose(residual(torch.from_numpy(faces)).numpy(), 8 * (faces - blurred), atol=1e-12)


def test_the_rgb_input_is_normalized_as_imagenet_and_resized():
    faces = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    detector = build(record(weights="scratch", size=48, width=0.1), 1, "d").eval()
    seen = []
    detector.network.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        detector(faces)
        detector(torch.full((1, 3, SIDE, SIDE), 0.5))
    assert seen[0].shape == (2, 3, 48, 48)
    expected = (0.5 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(seen[1].amin((0, 2, 3)), expected, rtol=1e-4)
    np.testing.assert_allclose(seen[1].amax((0, 2, 3)), expected, rtol=1e-4)


def test_it_learns_to_tell_new_faces_apart(detector):
    clean = smooth_faces(30, 7)
    changed = cloaked(clean, 8)
    right = [*(score(detector, clean) < 0.5), *(score(detector, changed) >= 0.5)]
    # By chance 30 of 60, give or take 4; at AVX2, AVX-512 and AMX level, 8 seeds each, 58 to 60.
    assert np.mean(right) >= 0.75


def test_training_repeats_exactly_and_follows_its_seed(detector):
    assert weights_of(trained()) == weights_of(detector)
    assert weights_of(build(QUICK, 1, "d")) != weights_of(build(QUICK, 2, "d"))
    assert weights_of(build(QUICK, 1, "d")) != weights_of(build(QUICK, 1, "e"))


def test_the_paper_schedule_keeps_the_learning_rate():
    """One epoch of one batch moves every weight by Adam's first step, the learning rate."""
    options = record(**SMALL, epochs=1, batch=64, learning_rate=1e-3)
    clean = smooth_faces(8, 0)
    detector = build(options, 1, "d")
    before = detector.network.classifier[1].bias.item()
    after = train(detector, clean, cloaked(clean, 1), options, 1, "d").network.classifier[1].bias.item()
    # The gradient of a bias is the mean error; it vanishes only by chance.
    assert abs(after - before) == pytest.approx(1e-3, rel=1e-2)


def test_every_face_is_seen_once_an_epoch_half_of_them_mirrored():
    clean = smooth_faces(30, 0)
    changed = cloaked(clean, 1)
    options = record(**SMALL, epochs=1, batch=16)
    detector = build(options, 1, "d")
    seen = []
    detector.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].permute(0, 2, 3, 1).numpy()))
    train(detector, clean, changed, options, 1, "d")
    assert [len(batch) for batch in seen] == [15] * 4
    shown = np.uint8(np.round(255 * np.concatenate(seen)))
    faces = np.concatenate([clean, changed])
    plain, mirrored = (
        (shown[:, None] == each).all(axis=(2, 3, 4)) for each in (faces, np.ascontiguousarray(faces[:, :, ::-1]))
    )
    assert ((plain | mirrored).sum(axis=0) == 1).all()
    assert 15 < mirrored.sum() < 45


def test_training_does_not_change_the_faces_it_is_given():
    clean = smooth_faces(8, 0)
    changed = cloaked(clean, 1)
    copies = clean.copy(), changed.copy()
    options = record(**SMALL, epochs=1)
    train(build(options, 1, "d"), clean, changed, options, 1, "d")
    assert np.array_equal(clean, copies[0])
    assert np.array_equal(changed, copies[1])


def test_scores_do_not_depend_on_order_or_company(detector):
    faces = np.concatenate([smooth_faces(40, 3), cloaked(smooth_faces(40, 3), 4)])
    whole = score(detector, faces)
    assert whole.dtype == np.float64
    assert ((whole >= 0) & (whole <= 1)).all()
    order = np.random.default_rng(0).permutation(len(faces))
    np.testing.assert_allclose(score(detector, faces[order]), whole[order], atol=1e-5)
    np.testing.assert_allclose(score(detector, faces[3:5]), whole[3:5], atol=1e-5)
    assert score(detector, faces[:0]).shape == (0,)


def test_a_detector_is_rebuilt_from_its_file(detector, tmp_path):
    save(tmp_path / "a.safetensors", detector, QUICK, {"seed": "1"})
    save(tmp_path / "b.safetensors", detector, QUICK, {"seed": "1"})
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    faces = smooth_faces(5, 9)
    assert np.array_equal(score(load(tmp_path / "a.safetensors"), faces), score(detector, faces))


def test_a_file_of_something_else_is_refused(detector, tmp_path):
    path = tmp_path / "extractor.safetensors"
    detection.weights.save(path, detector, {"network": {"name": "iresnet"}, "input": {}}, {})
    with pytest.raises(InputError, match="holds no detector but network iresnet; give a detector's file"):
        load(path)
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "absent.safetensors")


def test_faces_that_cannot_teach_are_told():
    faces = smooth_faces(4, 0)
    with pytest.raises(InputError, match="detector 'd': needs clean and perturbed faces to learn from"):
        train(build(QUICK, 1, "d"), faces, faces[:0], QUICK, 1, "d")
    with pytest.raises(InputError, match="clean faces are 32 pixels, perturbed ones 16, and it would learn the size"):
        train(build(QUICK, 1, "d"), faces, faces[:, :16, :16], QUICK, 1, "d")
    wild = record(**SMALL, epochs=4, batch=8, learning_rate=1e30)
    with pytest.raises(InputError, match="detector 'd': training diverged; lower its learning rate"):
        train(build(wild, 1, "d"), faces, cloaked(faces, 1), wild, 1, "d")


class _Harmful:
    def __reduce__(self):
        return (Path.touch, (Path("harm-done"),))


def test_imagenet_weights_are_checked_and_read_as_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = record(size=64)
    with pytest.raises(InputError, match=r"^ImageNet weights: no such file; get MobileNetV2's weights from https://"):
        build(options, 1, "d")
    torch.manual_seed(3)
    published = mobilenet_v2()
    path = tmp_path / "published.pth"
    torch.save(published.state_dict(), path)
    with pytest.raises(InputError, match=r"has sha256 [0-9a-f]{12}\.\.\., expected b0353104"):
        build(options, 1, "d", path)

    def promise(file: Path) -> None:
        digits = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
        monkeypatch.setitem(OURS, "mobilenet_v2", replace(OURS["mobilenet_v2"], sha256=digits))

    promise(path)
    detector = build(options, 1, "d", path)
    assert weights_of(detector.network.features) == weights_of(published.features)
    assert detector.network.classifier[1].out_features == 1
    other = tmp_path / "other.pth"
    torch.save({"a": torch.zeros(1)}, other)
    promise(other)
    with pytest.raises(InputError, match="not MobileNetV2's weights"):
        build(options, 1, "d", other)
    other.write_bytes(pickle.dumps(_Harmful(), protocol=2))
    promise(other)
    with pytest.raises(InputError, match="not a plain file of weights in format 'torch'"):
        build(options, 1, "d", other)
    assert not (tmp_path / "harm-done").exists()

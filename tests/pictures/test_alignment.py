"""Landmarks, alignment and the detector: geometry against scikit-image, detection against LFW's shipped landmarks."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from reference_computations import plain_original_fit
from scipy.ndimage import gaussian_filter
from skimage.transform import SimilarityTransform
from skimage.transform import warp as reference_warp

from uncloak.errors import InputError
from uncloak.pictures.alignment import original_similarity, similarity, warp
from uncloak.pictures.channel import parse
from uncloak.pictures.detection import Candidates, Detector, most_central
from uncloak.pictures.faces import align_pictures
from uncloak.pictures.landmarks import LANDMARK_COLUMNS, template
from uncloak.pictures.manifest import build_manifest
from uncloak.pictures.reading import load_picture
from uncloak.pictures.scraped import align_scraped
from uncloak.records.datasets import Alignment
from uncloak.store import read_arrays, read_attributes

LFW = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "lfw"
needs_lfw = pytest.mark.skipif(not LFW.is_dir(), reason="needs the LFW subset in ../shared/data/lfw")


def smooth_picture(height: int, width: int, grain: float, seed: int = 0) -> np.ndarray:
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(height, width, 3)), (grain, grain, 0))
    return np.uint8(np.clip(128 + 45 * noise / noise.std(), 0, 255))


def matrix_of(scale: float, rotation: float, translation: tuple[float, float]) -> np.ndarray:
    return SimilarityTransform(scale=scale, rotation=rotation, translation=translation).params[:2]


def test_similarity_is_the_least_squares_one():
    random = np.random.default_rng(0)
    for _ in range(20):
        landmarks = random.uniform(0, 300, (5, 2))
        places = landmarks @ matrix_of(0.4, random.uniform(-3, 3), (0, 0))[:, :2].T + random.normal(0, 8, (5, 2))
        reference = SimilarityTransform.from_estimate(landmarks, places)
        np.testing.assert_allclose(similarity(landmarks, places), reference.params[:2], rtol=1e-9, atol=1e-9)


def test_similarity_never_reflects():
    mirrored = template(112) * (-1, 1)
    assert np.linalg.det(similarity(mirrored, template(112))[:, :2]) > 0


@pytest.mark.parametrize("mirrored", [False, True])
def test_lowkeys_own_fit_leads_from_the_crop_and_is_inverted(mirrored):
    random = np.random.default_rng(3)
    places = template(112)
    for _ in range(20):
        turn = matrix_of(random.uniform(0.5, 4), random.uniform(-3, 3), random.uniform(-40, 400, 2))
        points = places * ((-1, 1) if mirrored else (1, 1)) @ turn[:, :2].T + turn[:, 2]
        points += random.normal(0, 0.1 * np.ptp(points, axis=0).mean(), points.shape)
        matrix = original_similarity(points, places)
        np.testing.assert_allclose(matrix, plain_original_fit(points, places), rtol=1e-9, atol=1e-9)
        assert (np.linalg.det(matrix[:, :2]) < 0) == mirrored
        if not mirrored:
            # Inverted, it enlarges by 1 / r^2, r being the correlation of the points with the places.
            assert np.linalg.det(matrix[:, :2]) > np.linalg.det(similarity(points, places)[:, :2])


def test_lowkeys_own_fit_of_a_face_without_distortion_is_the_similarity():
    points = template(64) @ matrix_of(1.7, 0.4, (0, 0))[:, :2].T + (30, -7)
    np.testing.assert_allclose(original_similarity(points, template(64)), similarity(points, template(64)), atol=1e-10)


@pytest.mark.parametrize("fit", [similarity, original_similarity])
@pytest.mark.parametrize("landmarks", [np.full((5, 2), 7.0), np.full((5, 2), np.nan), np.full((5, 2), np.inf)])
def test_impossible_landmarks_are_bad_input(landmarks, fit):
    with pytest.raises(InputError, match="not finite or all coincide"):
        fit(landmarks, template(112))


def test_template_is_the_published_one_and_keeps_its_place_when_scaled():
    np.testing.assert_array_equal(template(112)[[0, 4]], [[38.29459953, 51.69630051], [70.72990036, 92.20410156]])
    # In fractions of the crop, from its outer edge, landmarks are at the same place in every size.
    np.testing.assert_allclose((template(64) + 0.5) / 64, (template(112) + 0.5) / 112, rtol=1e-12)


def test_warp_agrees_with_scikit_image():
    picture = smooth_picture(140, 170, 2)
    for matrix in (matrix_of(0.8, 0.3, (-10, -20)), matrix_of(1.7, -0.5, (-100, 5)), matrix_of(0.6, 2.0, (90, 30))):
        inverse = SimilarityTransform(np.vstack([matrix, [0, 0, 1]])).inverse
        expected = reference_warp(picture.astype(np.float64), inverse, output_shape=(90, 90), order=1, cval=0)
        crop = warp(picture, matrix, 90)
        assert crop.dtype == np.uint8
        # Outside the picture the two fade to black differently, in a frame of one pixel.
        inside = reference_warp(np.ones(picture.shape), inverse, output_shape=(90, 90), order=1, cval=0) == 1
        assert inside.mean() > 0.3
        assert np.abs(crop - expected)[inside].max() <= 0.5 + 1e-6


def test_outside_the_picture_is_black():
    crop = warp(np.full((30, 30, 3), 200, np.uint8), matrix_of(1.0, 0.0, (10, 0)), 50)
    assert (crop[:30, 10:40] == 200).all()
    assert crop.sum() == 200 * 30 * 30 * 3


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_shrinking_averages_and_keeps_centers(factor):
    size = 40
    picture = np.random.default_rng(factor).integers(0, 256, (size * factor, size * factor, 3), dtype=np.uint8)
    # Crop pixel j covers picture pixels factor * j ... factor * j + factor - 1.
    matrix = matrix_of(1 / factor, 0.0, ((1 / factor - 1) / 2,) * 2)
    means = picture.reshape(size, factor, size, factor, 3).mean(axis=(1, 3))
    assert np.abs(warp(picture, matrix, size) - means).max() <= 0.6  # rounded twice


def test_strong_shrinking_does_not_alias_or_shift():
    fine = smooth_picture(900, 1100, 12)
    noisy = np.uint8(np.clip(fine + np.random.default_rng(1).normal(0, 40, fine.shape), 0, 255))
    matrix = matrix_of(0.13, 0.4, (25, -20))
    inverse = SimilarityTransform(np.vstack([matrix, [0, 0, 1]])).inverse
    blurred = gaussian_filter(noisy.astype(np.float64), (3.5, 3.5, 0))
    expected = reference_warp(blurred, inverse, output_shape=(112, 112), order=1, cval=0)
    aliased = reference_warp(noisy.astype(np.float64), inverse, output_shape=(112, 112), order=1, cval=0)
    inside = reference_warp(np.ones(fine.shape), inverse, output_shape=(112, 112), order=1, cval=0) == 1
    crop = warp(noisy, matrix, 112)
    assert np.abs(crop - expected)[inside].mean() < 0.2 * np.abs(aliased - expected)[inside].mean()
    shifted = np.abs(crop[:, 1:] - expected[:, :-1])[inside[:, 1:]].mean()
    assert np.abs(crop - expected)[inside].mean() < 0.5 * shifted


def test_alignment_brings_landmarks_to_the_template():
    """Five bright spots in a photograph end where the template has them."""
    landmarks = template(112) @ matrix_of(1.5, 0.2, (60, 40))[:, :2].T + (60, 40)
    rows, columns = np.mgrid[:330, :330]
    spots = sum(np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 18) for x, y in landmarks)
    picture = np.repeat(np.uint8(np.rint(255 * np.clip(spots, 0, 1)))[..., None], 3, axis=2)
    for size in (64, 112, 160):
        crop = warp(picture, similarity(landmarks, template(size)), size)[..., 0].astype(float)
        for x, y in template(size):
            window = (
                slice(int(y) - size // 20, int(y) + size // 20 + 2),
                slice(int(x) - size // 20, int(x) + size // 20 + 2),
            )
            weights = crop[window]
            y_grid, x_grid = np.mgrid[window]
            center = np.array([(weights * x_grid).sum(), (weights * y_grid).sum()]) / weights.sum()
            assert np.abs(center - (x, y)).max() < 0.25


def test_most_central_face():
    boxes = np.array([[0, 0, 40, 40], [50, 30, 90, 70], [60, 40, 80, 60], [0, 0, 200, 20]], np.float32)
    candidates = Candidates(boxes, np.array([0.99, 0.8, 0.9, 0.99], np.float32), np.zeros((4, 5, 2), np.float32))
    assert most_central(candidates, 141, 101) == 2  # of two at the center, the more probable
    assert most_central(candidates, 40, 40) == 0
    with pytest.raises(ValueError, match="no faces"):
        most_central(Candidates(boxes[:0], boxes[:0, 0], np.zeros((0, 5, 2))), 10, 10)


@pytest.fixture(scope="module")
def detector():
    return Detector(40)


def test_pictures_without_a_face_have_no_candidates(detector):
    pictures = [
        np.zeros((90, 120, 3), np.uint8),
        np.full((250, 250, 3), 180, np.uint8),
        np.random.default_rng(0).integers(0, 256, (100, 80, 3), dtype=np.uint8),
        np.zeros((20, 300, 3), np.uint8),
        np.zeros((40, 40, 3), np.uint8),
        np.zeros((41, 41, 3), np.uint8),
    ]
    for candidates in detector.detect(pictures):
        assert candidates.boxes.shape == (0, 4)
        assert candidates.probabilities.shape == (0,)
        assert candidates.landmarks.shape == (0, 5, 2)


def test_detector_weights_are_read_without_unpickling_objects(monkeypatch):
    modes = []
    load = torch.load
    monkeypatch.setattr(torch, "load", lambda *args, **options: modes.append(options) or load(*args, **options))
    Detector()
    assert [mode.get("weights_only") for mode in modes] == [True] * 3


@needs_lfw
def test_detector_agrees_with_the_landmarks_of_lfw(detector):
    table = pd.read_csv(LFW / "landmarks_mtcnn.csv").iloc[::60]
    pictures = [load_picture(LFW / file) for file in table["file"]]
    published = table.loc[:, "left_eye_x":"mouth_right_y"].to_numpy().reshape(-1, 5, 2)
    for found, points, probability in zip(detector.detect(pictures), published, table["prob"], strict=True):
        central = most_central(found, 250, 250)
        assert np.abs(found.landmarks[central] - points).max() < 0.01  # published with two decimals
        assert abs(found.probabilities[central] - probability) < 1e-3


@needs_lfw
def test_detection_follows_the_face_whatever_the_company_and_the_threads(detector):
    picture = load_picture(LFW / "Abdullah_Gul" / "Abdullah_Gul_0001.jpg")
    canvas = np.full((400, 500, 3), 90, np.uint8)
    canvas[110:360, 130:380] = picture
    mirrored, found, moved = detector.detect([picture[:, ::-1], picture, canvas])
    offset = moved.landmarks[most_central(moved, 500, 400)] - found.landmarks[most_central(found, 250, 250)]
    assert np.abs(offset - (130, 110)).max() < 4
    # In the mirror the viewer's left eye is the other one.
    points = mirrored.landmarks[most_central(mirrored, 250, 250)][[1, 0, 2, 4, 3]]
    assert np.abs((249, 0) + points * (-1, 1) - found.landmarks[most_central(found, 250, 250)]).max() < 4

    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        [alone] = detector.detect([picture])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(alone.landmarks, found.landmarks)


def photographs(root: Path, number: int, size: int) -> pd.DataFrame:
    for index in range(number):
        path = root / f"person{index % 2}" / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(smooth_picture(size, size, 8, seed=index)).save(path)
    return build_manifest(root)[0]


def known_landmarks(pictures: list[str], points: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame(np.repeat(points.reshape(1, 10), len(pictures), axis=0), columns=LANDMARK_COLUMNS)
    return table.assign(picture=pictures)


def test_scraped_photographs_are_aligned_as_the_channel_left_them(tmp_path):
    manifest = photographs(tmp_path / "raw", 3, 150)
    points = np.repeat(np.float32(template(112) + np.array([20, 15]))[None], 3, axis=0)
    alignment, known = Alignment(face_detector="mtcnn"), (manifest["picture"].to_numpy(str), points)
    plain, jpeg = (
        align_scraped(manifest, tmp_path / "raw", alignment, {"face_size": 64}, parse(steps), known)
        for steps in ([], [{"method": "jpeg", "quality": 10}])
    )
    for arrays, aligned_by in (plain, jpeg):
        assert arrays["picture"].tolist() == manifest["picture"].tolist()
        assert set(arrays["aligned_by"]) == {"known"}
        assert aligned_by == {"face_detector": "mtcnn", "face_size": 64, "margin": 0, "share_known": 1.0}
    assert (plain[0]["faces"] != jpeg[0]["faces"]).any()
    first = parse([{"method": "jpeg", "quality": 10}]).transmit(load_picture(tmp_path / "raw" / manifest["path"][0]))
    Image.fromarray(first).save(tmp_path / "sent.png")
    sent = manifest[:1].assign(path="sent.png")
    arrays, _ = align_scraped(sent, tmp_path, alignment, {"face_size": 64}, parse([]), known)
    np.testing.assert_array_equal(arrays["faces"][0], jpeg[0]["faces"][0])
    np.testing.assert_array_equal(arrays["landmark_shift"], 0)


@needs_lfw
def test_landmarks_of_the_clean_photograph_tell_what_a_cloak_does_to_the_detector(tmp_path):
    """A photograph posted three pixels to the right: found there anew, or taken for where the clean face was."""
    person = next(folder for folder in sorted((LFW).rglob("*")) if folder.is_dir() and list(folder.glob("*.jpg")))
    clean = load_picture(sorted(person.glob("*.jpg"))[0])
    for name, picture in {"clean": clean, "posted": np.roll(clean, 3, axis=1)}.items():
        (tmp_path / name / "A").mkdir(parents=True)
        Image.fromarray(picture).save(tmp_path / name / "A" / "1.png")
    manifest, crop, alignment = (
        build_manifest(tmp_path / "clean")[0],
        {"face_size": 112},
        Alignment(face_detector="mtcnn"),
    )
    align_pictures(manifest, tmp_path / "clean", tmp_path / "faces.h5", **crop)
    known = tuple(read_arrays(tmp_path / "faces.h5", "picture", "landmarks"))
    [face] = read_arrays(tmp_path / "faces.h5", "faces")
    found, clean_ones = (
        align_scraped(manifest, tmp_path / "posted", alignment, crop, parse([]), known, by)[0]
        for by in ("found", "clean")
    )
    assert (found["aligned_by"][0], clean_ones["aligned_by"][0]) == ("mtcnn", "known")
    np.testing.assert_allclose(found["landmark_shift"], 3, atol=0.5)
    assert clean_ones["landmark_shift"][0] == 0
    errors = {
        name: np.abs(arrays["faces"][0] - face[0].astype(float)).mean()
        for name, arrays in {"found": found, "clean": clean_ones}.items()
    }
    assert errors["found"] < errors["clean"] / 2


def test_known_landmarks_serve_where_no_face_is_found(tmp_path):
    manifest = photographs(tmp_path / "raw", 6, 150)
    points = np.float32(template(112) + np.array([20, 15]))
    known = known_landmarks(manifest["picture"].tolist()[1:], points)
    rejected = align_pictures(
        manifest, tmp_path / "raw", tmp_path / "faces.h5", face_size=64, landmarks=known, made={"recipe": "abc"}
    )
    assert rejected.to_dict("records") == [
        {"picture": manifest["picture"][0], "path": manifest["path"][0], "reason": "no face found"}
    ]
    faces, pictures, landmarks, origins = read_arrays(
        tmp_path / "faces.h5", "faces", "picture", "landmarks", "aligned_by"
    )
    assert faces.shape == (5, 64, 64, 3)
    assert faces.dtype == np.uint8
    assert pictures.tolist() == manifest["picture"].tolist()[1:]
    assert set(origins) == {"known"}
    np.testing.assert_array_equal(landmarks, np.repeat(points[None], 5, axis=0))
    assert landmarks.dtype == np.float32
    # Known landmarks are the template, moved: the crop is the 112 x 112 window at (20, 15), resized to 64.
    window = Image.fromarray(load_picture(tmp_path / "raw" / manifest["path"][1])[15:127, 20:132])
    expected = np.asarray(window.resize((64, 64), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(faces[0][2:-2, 2:-2] - expected[2:-2, 2:-2]).max() <= 4
    attributes = read_attributes(tmp_path / "faces.h5")
    assert attributes == {"recipe": "abc", "face_detector": "mtcnn", "face_size": 64, "margin": 0, "share_known": 1.0}

    with pytest.raises(InputError, match="no face found in any of 6 pictures"):
        align_pictures(manifest, tmp_path / "raw", tmp_path / "none.h5", face_size=64)
    with pytest.raises(InputError, match="lack column 'nose_x'"):
        align_pictures(
            manifest, tmp_path / "raw", tmp_path / "none.h5", face_size=64, landmarks=known.drop(columns="nose_x")
        )
    with pytest.raises(InputError, match=rf"{manifest['picture'][0]}: landmarks are not finite"):
        align_pictures(
            manifest,
            tmp_path / "raw",
            tmp_path / "none.h5",
            face_size=64,
            landmarks=known_landmarks(manifest["picture"].tolist(), np.ones((5, 2))),
        )
    assert not (tmp_path / "none.h5").exists()


def test_photographs_on_slides_are_no_duplicates_but_copies_of_them_are(tmp_path):
    """Twelve photographs on one kind of slide, and one of the slides saved again, smaller and worse."""
    slide = np.full((360, 640, 3), 250, np.uint8)
    slide[:90] = slide[150:, 400:] = 20
    folder = tmp_path / "raw" / "Ann"
    folder.mkdir(parents=True)
    for number in range(12):
        shown = slide.copy()
        shown[200:340, 40:180] = smooth_picture(140, 140, 12, seed=number)
        Image.fromarray(shown).save(folder / f"{number:02d}.png")
    Image.fromarray(shown).resize((576, 324)).save(folder / "99.jpg", quality=60)
    manifest, _ = build_manifest(tmp_path / "raw")
    points = template(112) + np.array([54, 214])
    known = pd.concat(
        [known_landmarks(manifest["picture"][:12].tolist(), points), known_landmarks(["Ann/99"], 0.9 * points)]
    )

    def kept(**how):
        how = {"face_size": 64, "landmarks": known, "known_first": True, **how}
        rejected = align_pictures(manifest, tmp_path / "raw", tmp_path / "faces.h5", **how)
        return read_arrays(tmp_path / "faces.h5", "faces")[0], rejected

    faces, rejected = kept(duplicate_distance=4)
    assert rejected["path"].tolist() == ["Ann/99.jpg"]
    assert rejected["reason"][0].startswith("near-duplicate of Ann/11.png (")
    everything, none = kept()
    assert none.empty
    np.testing.assert_array_equal(faces, everything[:12])
    # The slides alone look alike.
    assert len(kept(duplicate_distance=4, face_distance=64)[1]) > 6


def test_aligned_crops_are_only_resized(tmp_path):
    manifest = photographs(tmp_path / "raw", 5, 128)
    for workers in (1, 2):
        rejected = align_pictures(
            manifest, tmp_path / "raw", tmp_path / f"{workers}.h5", face_size=32, face_detector="none", workers=workers
        )
        assert rejected.empty
    assert (tmp_path / "1.h5").read_bytes() == (tmp_path / "2.h5").read_bytes()
    faces, landmarks, origins = read_arrays(tmp_path / "1.h5", "faces", "landmarks", "aligned_by")
    for face, path in zip(faces, manifest["path"], strict=True):
        means = load_picture(tmp_path / "raw" / path).reshape(32, 4, 32, 4, 3).mean(axis=(1, 3))
        assert np.abs(face - means).mean() < 3
    assert np.isnan(landmarks).all()
    assert set(origins) == {"none"}
    with pytest.raises(InputError, match="of no use"):
        align_pictures(
            manifest,
            tmp_path / "raw",
            tmp_path / "x.h5",
            face_size=32,
            face_detector="none",
            landmarks=known_landmarks(["a/b"], template(32)),
        )
    with pytest.raises(InputError, match="face_detector 'dlib' is unknown"):
        align_pictures(manifest, tmp_path / "raw", tmp_path / "x.h5", face_size=32, face_detector="dlib")


@needs_lfw
def test_faces_of_lfw_are_the_same_bytes_for_any_number_of_workers(tmp_path):
    manifest = build_manifest(LFW, workers=2)[0].iloc[::200]
    for workers in (1, 2):
        path = tmp_path / f"{workers}.h5"
        rejected = align_pictures(manifest, LFW, path, face_size=112, made={"recipe": "r"}, workers=workers)
        assert rejected.empty
    assert (tmp_path / "1.h5").read_bytes() == (tmp_path / "2.h5").read_bytes()
    pictures, origins, landmarks = read_arrays(tmp_path / "1.h5", "picture", "aligned_by", "landmarks")
    assert pictures.tolist() == manifest["picture"].tolist()
    assert set(origins) == {"mtcnn"}
    published = pd.read_csv(LFW / "landmarks_mtcnn.csv").set_index("file").loc[manifest["path"]]
    expected = published.loc[:, "left_eye_x":"mouth_right_y"].to_numpy().reshape(-1, 5, 2)
    np.testing.assert_allclose(landmarks, expected, atol=0.01)

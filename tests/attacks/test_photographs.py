"""Attacks on whole photographs, from file to file."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from reference_computations import floats, plain_original_fit, small_network
from skimage.transform import SimilarityTransform

from uncloak.attacks import photographs
from uncloak.attacks.merging import TOOLS, AlignedCrop, BoxCrop, tool_box
from uncloak.attacks.methods import fawkes_v10, lowkey
from uncloak.attacks.perturb import find_method, perturb
from uncloak.attacks.photographs import framed, margin_of, perturb_photographs, perturb_record, photograph_settings
from uncloak.attacks.view import alignment_view
from uncloak.errors import InputError
from uncloak.pictures.alignment import similarity, warp
from uncloak.pictures.detection import Candidates
from uncloak.pictures.landmarks import template
from uncloak.pictures.photographs import Photographs
from uncloak.records.attacks import Frame, Method
from uncloak.records.reading import read
from uncloak.seeds import derive_seed

SIZE = 32
FRAME = Frame(size=SIZE)
RUNS = {
    "lowkey": {"steps": 10, "perceptual": "dssim", "perceptual_weight": 0.00001},
    "pgd": {"steps": 8},
    "fawkes_v10": {"steps": 25},
    "fawkes_v03": {"steps": 25, "mode": "low"},
}
THROUGH = ("lowkey", "pgd")
# Height, width, EXIF orientation, and the face: its size beside the crop's, its turn and where the crop begins.
SCENES = [
    (60, 90, 1, (1.2, 0.2, (25, 10))),
    (90, 60, 6, (1.5, -0.3, (8, 30))),
    (60, 90, 1, (1.1, 0.1, (-12, 20))),
    (60, 90, 3, (0.7, 0.0, (40, 30))),
    (110, 150, 1, (2.6, 0.3, (40, 5))),
]
ROWS = range(len(SCENES))
WHOLE_AND_LARGE = (0, 1, 4)
NAMES = [f"person {row % 2}/{row}" for row in ROWS]


def picture(row: int) -> np.ndarray:
    """A smooth upright picture uint8 [H,W,3]."""
    height, width = SCENES[row][:2]
    coarse = np.random.default_rng(row).integers(30, 226, (height // 6, width // 6, 3), dtype=np.uint8)
    return np.array(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def face_points(row: int) -> np.ndarray:
    scale, angle, shift = SCENES[row][3]
    return SimilarityTransform(scale=scale, rotation=angle, translation=shift)(template(SIZE))


MATRICES = [similarity(face_points(row), template(SIZE)) for row in ROWS]
LANDMARKS = np.stack([face_points(row) for row in ROWS])
TARGETS = np.stack([warp(picture(row), MATRICES[row], SIZE) for row in (1, 2, 3, 0, 1)])


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[Path]:
    """The pictures as PNG files, turned as their EXIF orientation undoes."""
    folder = tmp_path_factory.mktemp("photographs")
    turns = {1: 0, 3: 2, 6: 1}  # quarters of a turn to the left
    paths = []
    for row, (_, _, orientation, _) in enumerate(SCENES):
        image = Image.fromarray(np.ascontiguousarray(np.rot90(picture(row), turns[orientation])))
        exif = Image.Exif()
        exif[0x0112] = orientation
        paths.append(folder / f"{row}.png")
        image.save(paths[-1], exif=exif)
    return paths


@pytest.fixture
def run(files, tmp_path):
    """Perturb the pictures of some rows; return the table and the written pictures."""

    def perturb_rows(attack, rows=ROWS, frame=FRAME, targets=None, folder="out", **arguments):
        rows = list(rows)
        if attack == "fawkes_v03" and targets is None:
            targets = TARGETS
        surrogates = arguments.pop("surrogates", [small_network(1), small_network(2)])
        table = perturb_photographs(
            [NAMES[row] for row in rows],
            [files[row] for row in rows],
            LANDMARKS[rows],
            tmp_path / folder,
            attack,
            RUNS[attack],
            surrogates,
            7,
            frame,
            None if targets is None else targets[rows],
            **{"precision": "float32", **arguments},
        )
        written = []
        for path in table["path"]:
            with Image.open(tmp_path / folder / path) as image:
                assert image.format == "PNG"
                assert not image.getexif()
                written.append(np.asarray(image))
        return table, written

    return perturb_rows


def moved(row: int, other: np.ndarray) -> float:
    """How far the embedding of the re-aligned face moves, as squared distance of unit vectors over two networks."""
    faces = np.stack([warp(each, MATRICES[row], SIZE) for each in (picture(row), other)])
    total = 0.0
    for network in (small_network(1), small_network(2)):
        units = torch.nn.functional.normalize(network(floats(faces, torch.float32)), dim=1)
        total += float((units[1] - units[0]).square().sum())
    return total


# --- Both ways ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attack", RUNS)
def test_photographs_keep_their_upright_size_and_lose_their_identity(attack, run):
    table, written = run(attack)
    assert table["picture"].tolist() == NAMES
    assert table["path"].tolist() == [f"{name}.png" for name in NAMES]
    assert list(table) == ["picture", "path"]
    clean = np.stack([warp(picture(row), MATRICES[row], SIZE) for row in ROWS])
    aims = TARGETS if attack == "fawkes_v03" else None
    networks = [small_network(1), small_network(2)]
    crops = perturb(clean, NAMES, attack, RUNS[attack], networks, 7, batch_size=1, targets=aims, precision="float32")
    for row, result in enumerate(written):
        assert result.dtype == np.uint8
        assert result.shape == picture(row).shape
        assert (result != picture(row)).any()
        units = [
            torch.nn.functional.normalize(network(floats(np.stack([clean[row], crops[row]]), torch.float32)), dim=1)
            for network in networks
        ]
        alone = sum(float((each[1] - each[0]).square().sum()) for each in units)
        assert alone > 0.0005
        # Nearly as far as the attack moves the crop alone. Merging back and aligning anew cost fine detail; part of a
        # face may lie outside, and a photograph of fewer pixels than the crop holds less of the cloak.
        share = 0.5 if attack in THROUGH else 0.3
        assert moved(row, result) > (share if row in WHOLE_AND_LARGE else 0.02) * alone


@pytest.mark.parametrize("attack", RUNS)
@pytest.mark.parametrize("batch_size", [1, 2])
def test_bytes_depend_on_nothing_but_the_photograph(attack, batch_size, run):
    _, whole = run(attack, batch_size=batch_size)
    order = [4, 2, 0, 1, 3]
    for number, rows in enumerate([order, [3], [0, 2], [1, 4]]):
        table, some = run(attack, rows, batch_size=batch_size, folder=f"part{number}")
        assert table["picture"].tolist() == [NAMES[row] for row in rows]
        for row, result in zip(rows, some, strict=True):
            np.testing.assert_array_equal(result, whole[row])


@pytest.mark.parametrize("attack", ["lowkey", "fawkes_v10"])
def test_photographs_are_the_same_one_by_one_where_a_gpu_has_memory_for_no_more(attack, run, caplog):
    def small(faces):
        if len(faces) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return small_network(1)(faces)

    _, expected = run(attack, [0, 2], surrogates=[small_network(1)], targets=TARGETS)
    _, written = run(attack, [0, 2], surrogates=[small], targets=TARGETS, batch_size=2, folder="halved")
    np.testing.assert_array_equal(written, expected)
    assert f"{attack}: the GPU has too little memory for 2 pictures at once; going on with 1" in caplog.text


@pytest.mark.parametrize("attack", ["lowkey", "fawkes_v10"])
@pytest.mark.parametrize("workers", [2, 3])
def test_number_of_processes_does_not_change_a_byte(attack, workers, run):
    frames = [FRAME, Frame(size=SIZE, frame="box")] if attack in TOOLS else [FRAME]
    for frame in frames:
        table, alone = run(attack, frame=frame)
        again, shared = run(attack, frame=frame, folder=f"shared {frame.frame}", workers=workers)
        assert again.equals(table)
        for one, other in zip(alone, shared, strict=True):
            np.testing.assert_array_equal(one, other)


def test_as_many_photographs_are_worked_on_as_memory_holds(run, monkeypatch, caplog):
    asked = []
    share_out = photographs.share_out

    def watched(function, parts, workers, *arguments):
        asked.append(workers)
        return share_out(function, parts, workers, *arguments)

    monkeypatch.setattr(photographs, "share_out", watched)
    largest = 110 * 150 * 330
    for available, expected in ((None, 4), (4 * largest, 4), (4 * largest - 1, 3), (2 * largest, 2), (0, 1)):
        monkeypatch.setattr(photographs, "available_memory", lambda available=available: available)
        run("pgd", workers=4)
        # The aligned crop alone takes little.
        run("fawkes_v10", [0], workers=4)
        assert asked[-2:] == [expected, 4]
    told = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert told[0] == "3 processes in place of 4, for there is memory for no more photographs"


def test_files_are_the_same_again_byte_for_byte(run, tmp_path):
    run("lowkey", [0, 1], folder="one")
    run("lowkey", [0, 1], folder="two")
    first = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert [str(path) for path in first] == ["person 0/0.png", "person 1/1.png"]
    for path in first:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


# --- Through the alignment ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("warp_reading", ["exact", "original"])
@pytest.mark.parametrize("targeted", [False, True])
def test_lowkey_perturbs_the_whole_photograph_through_the_alignment(warp_reading, targeted, run):
    frame = Frame(size=SIZE, warp=warp_reading)
    _, written = run("lowkey", frame=frame, targets=TARGETS if targeted else None)
    networks = [small_network(1), small_network(2)]
    for row, result in enumerate(written):
        clean = picture(row)
        view = alignment_view(MATRICES[row][None], *clean.shape[:2], SIZE, warp_reading)
        expected = lowkey.attack(
            floats(clean[None], torch.float32),
            networks,
            lowkey.Options(**RUNS["lowkey"]),
            [derive_seed(7, "lowkey", NAMES[row])],
            targets=floats(TARGETS[row : row + 1], torch.float32) if targeted else None,
            view=view,
        )
        expected = expected.mul(255).to(torch.uint8)[0].permute(1, 2, 0).numpy()
        # Another memory format rounds differently, and a sign may turn.
        assert (result == expected).mean() > 0.95
        assert np.abs(result.astype(int) - expected).max() <= 12
        # Noise lies everywhere.
        assert (result != clean).mean() > 0.3


@pytest.mark.parametrize("attack", THROUGH)
def test_the_original_warp_fits_the_crop_as_lowkeys_code_does(attack, files, tmp_path):
    # Of points that do not fit, a face turned aside, the two fits make crops of different size.
    row, squeezed = 4, (face_points(4) - face_points(4).mean(axis=0)) * (0.6, 1) + face_points(4).mean(axis=0)
    matrices = [plain_original_fit(squeezed, template(SIZE)), similarity(squeezed, template(SIZE))]
    assert np.linalg.det(matrices[0][:, :2]) > 1.05 * np.linalg.det(matrices[1][:, :2])
    arguments = (attack, RUNS[attack], [small_network(1)], 7)
    perturb_photographs(
        [NAMES[row]],
        [files[row]],
        squeezed[None],
        tmp_path,
        *arguments,
        Frame(size=SIZE, warp="original"),
        precision="float32",
    )
    with Image.open(tmp_path / f"{NAMES[row]}.png") as image:
        result = np.asarray(image).astype(int)
    method = find_method(attack)
    shares = []
    for matrix in matrices:
        expected = method.attack(
            floats(picture(row)[None], torch.float32),
            [small_network(1)],
            method.Options(**RUNS[attack]),
            [derive_seed(7, attack, NAMES[row])],
            view=alignment_view(matrix[None], *picture(row).shape[:2], SIZE, "original"),
        )
        shares.append((result == expected.mul(255).to(torch.uint8)[0].permute(1, 2, 0).numpy()).mean())
    assert shares[0] > 0.95
    assert shares[0] > shares[1] + 0.02


def test_original_and_exact_warps_differ(run):
    results = [run("pgd", [0], Frame(size=SIZE, warp=name), folder=name)[1][0] for name in ("exact", "original")]
    assert (results[0] != results[1]).any()


# --- The crop, merged back ------------------------------------------------------------------------------------------


def test_fawkes_perturbs_the_aligned_crop_and_merges_it(run):
    _, written = run("fawkes_v10")
    for row, result in enumerate(written):
        crop = AlignedCrop(MATRICES[row], SIZE)
        clean = crop.cut(picture(row))
        cloaked = fawkes_v10.attack(
            floats(clean[None], torch.float32),
            [small_network(1), small_network(2)],
            fawkes_v10.Options(**RUNS["fawkes_v10"]),
            [derive_seed(7, "fawkes_v10", NAMES[row])],
        )[0]
        expected = crop.merge(picture(row), clean, 255 * cloaked.permute(1, 2, 0).numpy())
        assert np.abs(result.astype(int) - expected).mean() < 0.5
        y, x = np.indices(result.shape[:2])
        places = np.einsum("ij,jkl->ikl", MATRICES[row], np.stack([x, y, np.ones_like(x)]))
        outside = (places <= -1).any(axis=0) | (places >= SIZE).any(axis=0)
        assert outside.any()
        np.testing.assert_array_equal(result[outside], picture(row)[outside])


class _FoundBoxes:
    """In place of the detector: two faces, the central one first and one in a corner; a faint one; or none at all."""

    def __init__(self, minimum_face, device):
        self.minimum_face = minimum_face

    def detect(self, pictures):
        return [self._faces(*each.shape[:2]) for each in pictures]

    def _faces(self, height, width):
        boxes = [(0.25 * width, 0.2 * height, 0.25 * width + 31, 0.2 * height + 36), (-2, -2, 29, 30)]
        probabilities = [0.99, 0.95]
        if (height, width) == (90, 60):
            probabilities = [0.5, 0.5]
        if (height, width) == (110, 150):
            boxes, probabilities = [], []
        boxes = np.array(boxes, np.float32).reshape(-1, 4)
        return Candidates(boxes, np.array(probabilities, np.float32), np.zeros((len(boxes), 5, 2), np.float32))


@pytest.mark.parametrize("attack", ["fawkes_v10", "fawkes_v03"])
@pytest.mark.parametrize(
    ("merge", "stretch", "used"),
    [("clean", "minmax", "none"), ("original", "minmax", "minmax"), ("original", "max", "max")],
)
def test_box_is_the_tools_crop_and_a_photograph_without_a_face_is_left_alone(
    attack, merge, stretch, used, run, monkeypatch, caplog
):
    monkeypatch.setattr(photographs, "Detector", _FoundBoxes)
    stretched = {"stretch": stretch} if merge == "original" else {}
    frame = Frame(size=SIZE, frame="box", merge=merge, **stretched)
    with caplog.at_level(logging.WARNING):
        table, written = run(attack, frame=frame)
    faceless = [1, 4]
    assert caplog.messages == [f"{NAMES[row]}: no face found, so the photograph is left as it is" for row in faceless]
    for row in faceless:
        np.testing.assert_array_equal(written[row], picture(row))
    assert table["picture"].tolist() == NAMES
    tool = TOOLS[attack]
    for row in (0, 2, 3):
        photograph, result = picture(row), written[row]
        height, width = photograph.shape[:2]
        found = np.array((0.25 * width, 0.2 * height, 0.25 * width + 31, 0.2 * height + 36), np.float32)
        box = tool_box(found, 2, width, height, tool)
        crop = BoxCrop(box, tool.padding, SIZE, used)
        clean = crop.cut(photograph).copy()
        method = find_method(attack)
        cloaked = method.attack(
            floats(clean[None], torch.float32),
            [small_network(1), small_network(2)],
            method.Options(**RUNS[attack]),
            [0],
            targets=floats(TARGETS[row : row + 1], torch.float32) if attack == "fawkes_v03" else None,
        )[0]
        expected = crop.merge(photograph, clean, 255 * cloaked.permute(1, 2, 0).numpy())
        assert np.abs(result.astype(int) - expected).mean() < 0.5
        outside = np.ones((height, width), bool)
        outside[box.top : box.bottom, box.left : box.right] = False
        np.testing.assert_array_equal(result[outside], photograph[outside])
        assert (result[~outside] != photograph[~outside]).any()


# --- Bad input ------------------------------------------------------------------------------------------------------


def test_a_failed_job_leaves_only_whole_files(run, tmp_path):
    calls = []

    def surrogate(faces):
        calls.append(len(faces))
        embeddings = small_network(1)(faces)
        return embeddings * torch.nan if faces.shape[0] == 1 and len(calls) > 12 else embeddings

    with pytest.raises(InputError, match="'person 1/1'"):
        run("pgd", [0, 1], surrogates=[surrogate])
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["0.png"]


def test_a_record_is_perturbed_as_its_options_say(files, run, tmp_path):
    """Called as from a notebook: the record's options, its frame, which has the dataset's size, and its batch."""
    values = {"method": "pgd", "surrogates": ["one"], "options": RUNS["pgd"], "photograph": {"warp": "original"}}
    record = read(Method, {**values, "precision": "float32"})
    photographs = Photographs(NAMES[:2], files[:2], LANDMARKS[:2], SIZE)
    table = perturb_record(record, photographs, tmp_path / "by_record", [small_network(1)], 7)
    frame = Frame(size=SIZE, warp="original")
    assert framed(record, SIZE) == frame
    _, expected = run("pgd", [0, 1], frame, surrogates=[small_network(1)])
    for path, picture in zip(table["path"], expected, strict=True):
        with Image.open(tmp_path / "by_record" / path) as image:
            np.testing.assert_array_equal(np.asarray(image), picture)
    made = photograph_settings(record, SIZE)
    assert (made["steps"], made["size"], made["warp"]) == (RUNS["pgd"]["steps"], SIZE, "original")


@pytest.mark.parametrize("attack", ["pgd", "fawkes_v10"])
def test_surrogates_see_of_a_photograph_what_they_see_of_a_stored_face(attack, files, tmp_path):
    """The aligned crop has the dataset's margin; a tool's box is a crop of its own."""
    values = {"method": attack, "surrogates": ["one"], "options": RUNS[attack], "precision": "float32"}
    record, in_box = (read(Method, {**values, "photograph": {"frame": frame}}) for frame in ("aligned", "box"))
    photographs = Photographs(NAMES[:1], files[:1], LANDMARKS[:1], SIZE, 16)
    assert [margin_of(each, photographs) for each in (record, in_box)] == [16, 0]
    met = []

    def surrogate(faces):
        met.append(faces.detach())
        return small_network(1)(faces)

    perturb_record(record, photographs, tmp_path / "out", [surrogate], 7)
    crop = warp(picture(0), similarity(LANDMARKS[0], template(SIZE, 16)), SIZE)
    # What is checked first is the clean photograph; the view works in floats, the crop is rounded.
    assert np.abs(met[0][0].permute(1, 2, 0).numpy() * 255 - crop).max() <= 0.51


def test_wrong_arguments_are_told(files, tmp_path):
    def attempt(rows=(0, 1), method="pgd", options=None, frame=FRAME, **changed):
        rows = list(rows)
        arguments = {
            "pictures": [NAMES[row] for row in rows],
            "paths": [files[row] for row in rows],
            "landmarks": LANDMARKS[rows],
            "folder": tmp_path / "out",
            "surrogates": [small_network(1)],
            "seed": 0,
        } | changed
        perturb_photographs(attack=method, options=options or RUNS[method], frame=frame, **arguments)

    broken = LANDMARKS.copy()
    broken[1] = np.nan
    with pytest.raises(InputError, match=r"^person 1/1: landmarks are not finite"):
        attempt(landmarks=broken[:2])
    with pytest.raises(InputError, match=r"landmarks have shape \(1, 5, 2\), not \(2, 5, 2\)"):
        attempt(landmarks=LANDMARKS[:1])
    with pytest.raises(InputError, match="1 paths for 2 pictures"):
        attempt(paths=files[:1])
    with pytest.raises(InputError, match="listed twice"):
        attempt((0, 0))
    with pytest.raises(InputError, match=r"targets must be uint8 \(2, 32, 32, 3\)"):
        attempt(targets=TARGETS[:1])
    with pytest.raises(InputError, match="frame 'box' is that of fawkes_v03 and fawkes_v10, not of pgd"):
        attempt(frame=Frame(size=SIZE, frame="box"))
    with pytest.raises(InputError, match="unknown option 'strength'"):
        attempt(options={"strength": 3})
    with pytest.raises(InputError, match="'folkes' is no attack"):
        attempt(method="folkes", options={"steps": 1})
    with pytest.raises(InputError, match="batch_size is 0"):
        attempt(batch_size=0)
    absent = tmp_path / "absent.png"
    with pytest.raises(InputError, match=r"absent\.png: cannot be read"):
        attempt(paths=[files[0], absent])
    # Nothing was computed before the bad file was told.
    assert not (tmp_path / "out").exists()
    small = tmp_path / "small.png"
    Image.fromarray(picture(0)[:9]).save(small)
    with pytest.raises(InputError, match=r"^person 1/1: DSSIM needs pictures of at least 11x11 pixels, got 9x90"):
        attempt(method="lowkey", paths=[files[0], small])
    with pytest.raises(InputError, match=r"^person 0/0: .*original.* 112x112 pixels, got 60x90"):
        attempt(frame=Frame(size=112, warp="original"))

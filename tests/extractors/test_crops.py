"""What a network sees of a stored face is what aligning the photograph straight to the network's own crop gives."""

import numpy as np
import pytest
import torch
from extractor_records import ARCFACE, DLIB, PLAIN
from facenet_pytorch.models.utils.detect_face import extract_face
from PIL import Image

from uncloak.crops import TEMPLATES, UnfitCrop, around, fitted, seen
from uncloak.errors import InputError
from uncloak.extractors.extractor import Extractor, Preprocessing, build
from uncloak.extractors.weights import load, save
from uncloak.pictures.alignment import similarity, warp
from uncloak.pictures.landmarks import template

# Photograph's pixels for one of the standard crop, turned, and where that crop's corner lies in it.
TURNED = 1.9 * np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])
CORNER = np.array([150.0, 90.0])
# Five points like a detector's: the standard ones in a crop 1.3 times as large, moved.
OWN = ARCFACE * 1.3 + (7.0, -11.0)
FIT = {
    "arcface": {"size": (112, 112), "template": "arcface"},
    "smaller": {"size": (64, 64), "template": "arcface"},
    "112x96": {"size": (112, 96), "template": "arcface_112x96"},
    "dlib": {"size": (150, 150), "template": "dlib"},
    "points": {"size": (140, 130), "template": OWN.tolist()},
    "box": {"size": (160, 128), "box": [-9.0, -15.5, 119.0, 124.0]},
    "margin": {"size": (160, 160), "template": "arcface", "margin": 24},
    "mtcnn": {"size": (160, 160), "template": "mtcnn_box", "margin": 32},
}


def light(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A smooth scene, in three colors [..., 3] of 0..1."""
    waves = [np.sin(x / 23 + color) * np.cos(y / 29 - color) + x / 900 + y / 1100 for color in range(3)]
    return 0.15 + 0.5 * (np.stack(waves, axis=-1) + 1) / 2.2


def photograph() -> np.ndarray:
    y, x = np.indices((520, 560), dtype=np.float64)
    return np.rint(255 * light(x, y)).astype(np.uint8)


def stored(size: int, margin: int) -> torch.Tensor:
    """The face [1,3,size,size] as a dataset with this margin stores it."""
    points = template(112) @ TURNED.T + CORNER
    face = warp(photograph(), similarity(points, template(size, margin)), size)
    return torch.from_numpy(face / np.float32(255)).permute(2, 0, 1)[None]


def in_the_standard_crop(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Where rows and columns of a network's input lie, by the definitions of its crop; whole numbers are centers."""
    height, width = FIT[name]["size"]
    rows, columns = np.arange(height, dtype=float), np.arange(width, dtype=float)
    match name:
        case "arcface":
            return rows, columns
        case "smaller":
            return ((each + 0.5) * 112 / 64 - 0.5 for each in (rows, columns))
        case "112x96":
            return rows, columns + 8
        case "dlib" | "points":
            # Scale and shift by ordinary least squares, in the form of a linear system.
            system = np.zeros((10, 3))
            system[:, 0], system[0::2, 1], system[1::2, 2] = ARCFACE.ravel(), 1, 1
            places = DLIB if name == "dlib" else OWN
            scale, right, down = np.linalg.lstsq(system, places.ravel(), rcond=None)[0]
            return (rows - down) / scale, (columns - right) / scale
        case "box":
            return -15.5 + (rows + 0.5) * 139.5 / 160 - 0.5, -9 + (columns + 0.5) * 128 / 128 - 0.5
        case "margin":
            # The standard crop fills 136 of the 160 pixels.
            return ((each - 12 + 0.5) * 112 / 136 - 0.5 for each in (rows, columns))
        case "mtcnn":
            left, top, right, bottom = TEMPLATES["mtcnn_box"][1]
            return tuple(
                first + (each - 16 + 0.5) * (last - first) / 128 - 0.5
                for each, first, last in ((rows, top, bottom), (columns, left, right))
            )


@pytest.mark.parametrize(("size", "margin"), [(160, 24), (320, 24), (113, 20)])
@pytest.mark.parametrize("name", FIT)
def test_a_stored_face_gives_what_the_photograph_gives(name, size, margin):
    preprocessing = Preprocessing(**FIT[name], **PLAIN)
    preprocessing.stored_margin = margin
    found = preprocessing(stored(size, margin))[0].permute(1, 2, 0).numpy()
    rows, columns = in_the_standard_crop(name)
    places = np.stack(np.meshgrid(columns, rows), axis=-1) @ TURNED.T + CORNER
    expected = light(places[..., 0], places[..., 1])
    # Grey levels are rounded once, and lines between pixels cut the waves' crests.
    np.testing.assert_allclose(found, expected, atol=0.006)


def test_without_a_margin_borders_are_repeated_where_the_chip_goes_on():
    preprocessing = Preprocessing(**FIT["dlib"], **PLAIN)
    bare = preprocessing(stored(112, 0))[0]
    assert torch.equal(bare[:, -1], bare[:, -8])
    preprocessing.stored_margin = 8
    assert not torch.equal(*preprocessing(stored(128, 8))[0][:, [-1, -8]].unbind(1))


def test_a_detectors_box_is_cut_as_facenet_pytorch_cuts_it():
    """From an upright photograph in which the template's box is what MTCNN found; stretched, as there."""
    scale, corner = 4, np.array([100, 70])
    y, x = np.indices((640, 680), dtype=np.float64)
    picture = np.rint(255 * light(x / 2, y / 2)).astype(np.uint8)
    points = (template(112) + 0.5) * scale + corner - 0.5
    face = warp(picture, similarity(points, template(256, 20)), 256)
    preprocessing = Preprocessing([160, 160], "mtcnn_box", margin=32, **PLAIN)
    preprocessing.stored_margin = 20
    found = preprocessing(torch.from_numpy(face / np.float32(255)).permute(2, 0, 1)[None])[0]
    box = np.array(TEMPLATES["mtcnn_box"][1]) * scale + np.tile(corner, 2)
    expected = extract_face(Image.fromarray(picture), box, 160, 32) / 255
    # It cuts the box to whole pixels of the photograph.
    torch.testing.assert_close(found, expected, atol=0.012, rtol=0)


def test_the_margin_of_a_face_gets_its_gradient():
    preprocessing = Preprocessing(**FIT["dlib"], **PLAIN)
    preprocessing.stored_margin = 16
    face = stored(144, 16).requires_grad_()
    preprocessing(face).sum().backward()
    shown = face.grad[0, 0] > 0
    # The chip reaches 8.15 pixels below the standard crop, and a triangle beyond; it ends inside on the other sides.
    assert shown[16 + 112 + 8, 72]
    assert not shown[16 + 112 + 10 :].any()
    assert not shown[: 16 + 20].any()
    assert face.grad.sum().item() == pytest.approx(3 * 150 * 150, rel=1e-4)


def test_another_margin_gives_another_crop_at_once():
    faces = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    preprocessing = Preprocessing([112, 112], "arcface", **PLAIN)
    extractor = Extractor(torch.nn.Identity(), preprocessing)
    whole = extractor(faces)
    assert torch.equal(extractor.for_crops(8)(faces), faces[..., 8:120, 8:120])
    assert torch.equal(extractor.for_crops(0)(faces), whole)


def test_a_file_of_weights_holds_no_margin(tmp_path):
    record = {"network": {"name": "pixels"}, "input": {"size": [112, 112], "template": OWN.tolist(), **PLAIN}}
    extractor = build(record).for_crops(8)
    save(tmp_path / "x.safetensors", extractor, record, {})
    again = load(tmp_path / "x.safetensors")
    assert again.preprocessing.stored_margin == 0
    faces = stored(128, 8)
    torch.testing.assert_close(again.for_crops(8)(faces), extractor(faces), atol=0, rtol=0)


def test_the_crop_of_five_points_is_theirs():
    assert fitted(ARCFACE.tolist(), 112, 112) == pytest.approx((0, 0, 112, 112), abs=1e-9)
    assert fitted(((ARCFACE + 0.5) * 2 - 0.5).tolist(), 224, 112) == pytest.approx((0, 0, 56, 112), abs=1e-9)
    assert seen((150, 150), DLIB.tolist()) == TEMPLATES["dlib"][1]
    assert around(8) == (-8, -8, 120, 120)
    assert around(8).beyond() == 8


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"template": "arc"}, "unknown template 'arc'"),
        ({"size": (150, 140), "template": "dlib"}, "another shape than the 150 x 150"),
        ({}, "no template"),
        ({"template": "dlib", "box": [0, 0, 1, 1]}, "both"),
        ({"box": [5.0, 0.0, 5.0, 9.0]}, "is empty"),
        ({"template": "arcface", "margin": 112}, "leaves nothing"),
        ({"template": OWN.tolist(), "margin": 8}, "no margin"),
        ({"template": OWN[[1, 0, 2, 4, 3]].tolist()}, "not those of"),
        ({"template": OWN[:, ::-1].tolist()}, "not those of"),
        ({"template": [[3.0, 3.0]] * 5}, "not those of"),
    ],
)
def test_what_is_no_crop_is_told(wrong, words):
    arguments = {"size": (112, 112), **wrong}
    with pytest.raises(UnfitCrop, match=words):
        seen(**arguments)
    with pytest.raises(InputError, match=words):
        Preprocessing(**arguments, **PLAIN)

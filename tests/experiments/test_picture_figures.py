"""Figures of pictures: contact sheet and sample show every picture as it is, inside one file."""

import base64
import io
import re

import numpy as np
import pytest
from figures_read_back import svg_of, symbols, texts
from PIL import Image

from uncloak.errors import InputError
from uncloak.experiments.contact_sheet.figure import amplified_difference, contact_sheet, contact_table
from uncloak.experiments.pictures.figure import picture_sample
from uncloak.figures.images import image_uri, thumbnail


def faces(count: int, name: int) -> np.ndarray:
    return np.random.default_rng(name).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)


def sheet_arguments():
    clean = faces(3, 0)
    perturbed = {"LowKey": faces(3, 1), "Fawkes v1.0": np.clip(clean.astype(int) + 2, 0, 255).astype(np.uint8)}
    dssim = {label: np.array([0.01, 0.02, 0.03]) for label in perturbed}
    return clean, perturbed, ["ann/1", "bob/1", "cy/1"], dssim


def decode(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGB"))


def test_difference_is_gray_where_nothing_changed_and_clips():
    clean = np.array([[[[10, 200, 100]]]], dtype=np.uint8)
    assert amplified_difference(clean, clean, 4).tolist() == [[[[128, 128, 128]]]]
    assert amplified_difference(clean, np.array([[[[15, 100, 255]]]], np.uint8), 4).tolist() == [[[[148, 0, 255]]]]


def test_contact_table_measures_changes():
    clean, perturbed, pictures, dssim = sheet_arguments()
    table = contact_table(clean, perturbed, pictures, dssim)
    assert list(table["picture"]) == pictures * 2
    row = table[table["attack_label"] == "LowKey"].iloc[1]
    change = perturbed["LowKey"][1].astype(float) - clean[1].astype(float)
    assert row.largest_change == np.abs(change).max()
    assert row.rms_change == pytest.approx(np.linalg.norm(change) / np.sqrt(change.size))
    assert (table.loc[table["attack_label"] == "Fawkes v1.0", "largest_change"] == 2).all()


def test_contact_sheet_shows_every_face_exactly(tmp_path):
    clean, perturbed, pictures, dssim = sheet_arguments()
    chart = contact_sheet(clean, perturbed, pictures, dssim, {"LowKey": 0.054, "Fawkes v1.0": 0.017}, "Sheet", "Note.")
    svg = svg_of(chart)
    shown = [decode(uri) for uri in re.findall(r'href="(data:image/png;base64,[^"]+)"', svg)]
    rows = [clean]
    for changed in perturbed.values():
        rows += [changed, amplified_difference(clean, changed)]
    np.testing.assert_array_equal(shown, np.concatenate(rows))
    assert {"ann", "bob", "cy", "LowKey", "mean DSSIM 0.054", "mean DSSIM 0.017"} <= set(texts(svg))
    assert any("x 4" in text for text in texts(svg))


def test_contact_sheet_tells_bad_input():
    clean, perturbed, pictures, dssim = sheet_arguments()
    with pytest.raises(InputError, match="float32"):
        contact_table(clean.astype(np.float32), perturbed, pictures, dssim)
    with pytest.raises(InputError, match="LowKey"):
        contact_table(clean, {"LowKey": perturbed["LowKey"][:2]}, pictures, dssim)
    with pytest.raises(InputError, match="no attack"):
        contact_table(clean, {}, pictures, {})


def test_thumbnail_maps_points_with_the_picture():
    photograph = np.zeros((60, 120, 3), np.uint8)
    photograph[28:33, 88:93] = (255, 0, 0)
    square, scale, corner = thumbnail(photograph, 224)
    x, y = (np.array([90.5, 30.5]) * scale + corner).astype(int)
    assert square.shape == (224, 224, 3)
    np.testing.assert_allclose(square[y, x], (255, 0, 0), atol=12)
    assert (square[0] == 255).all()


def test_sample_draws_landmarks_over_their_photographs():
    photographs = [np.full((50, 100, 3), 90, np.uint8), np.full((80, 80, 3), 50, np.uint8)]
    landmarks = np.full((2, 5, 2), np.nan, np.float32)
    landmarks[0] = [[0, 0], [100, 0], [50, 25], [0, 50], [100, 50]]
    chart = picture_sample(["ann_lee/1", "bob/1"], photographs, landmarks, faces(2, 0), "Sample", "Note.")
    svg = svg_of(chart)
    found = symbols(svg, "#d55e00")
    # The first photograph is drawn 112 x 56 in a square of 112 at the top left of the pictures.
    corner = found[0]
    expected = np.array([[0, 0], [0, 56], [56, 28], [112, 0], [112, 56]])
    np.testing.assert_allclose(found - corner, expected, atol=0.01)
    assert corner[1] == pytest.approx(28)
    assert svg.count("data:image/jpeg") == svg.count("data:image/png") == 2
    assert {"ann lee", "bob"} <= set(texts(svg))


def test_sample_tells_bad_input():
    with pytest.raises(InputError, match="2 ids, 1 photographs"):
        picture_sample(["a/1", "b/1"], [faces(1, 0)[0]], np.zeros((2, 5, 2)), faces(2, 0), "", "")


def test_png_uri_is_exact():
    face = faces(1, 5)[0]
    np.testing.assert_array_equal(decode(image_uri(face)), face)

"""Channels against Pillow called by hand and a convolution written out in float64."""

import io
import math
import struct

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from uncloak.errors import InputError
from uncloak.pictures.channel import Jpeg, parse

SHAPES = [(48, 64), (47, 33), (17, 16), (1, 1), (5, 1)]
RECORDS = [
    {"method": "png"},
    {"method": "jpeg", "quality": 75},
    {"method": "jpeg", "quality": 40, "subsampling": "4:4:4"},
    {"method": "blur", "sigma": 2.0},
    {"method": "resize", "factor": 0.5},
    [{"method": "resize", "factor": 0.4}, {"method": "blur", "sigma": 1}, {"method": "jpeg", "quality": 75}],
]


def picture(shape: tuple[int, int] = (48, 64), seed: int = 0) -> np.ndarray:
    """A random picture uint8 [*shape,3] with large and small structure, some values at 0 and 255."""
    noise = np.random.default_rng(seed).normal(size=(*shape, 3))
    smooth = gaussian_filter(noise, (4, 4, 0))
    return np.clip(128 + 60 * smooth / max(smooth.std(), 1e-9) + 20 * noise, 0, 255).astype(np.uint8)


def error(posted: np.ndarray, scraped: np.ndarray) -> float:
    return float(np.square(posted.astype(float) - scraped).mean())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("record", RECORDS)
def test_every_channel_keeps_size_and_type_and_repeats_itself(record, shape):
    posted = picture(shape)
    before = posted.copy()
    scraped = parse(record).transmit(posted)
    assert (scraped.dtype, scraped.shape) == (np.uint8, posted.shape)
    np.testing.assert_array_equal(parse(record).transmit(posted), scraped)
    scraped[:] = 0  # neither read-only nor the posted picture itself
    np.testing.assert_array_equal(posted, before)


@pytest.mark.parametrize("record", RECORDS)
def test_a_picture_depends_on_no_other(record):
    channel, faces = parse(record), [picture(seed=seed) for seed in range(3)]
    together = [channel.transmit(face) for face in faces]
    for index in (2, 0, 1):
        np.testing.assert_array_equal(parse(record).transmit(faces[index]), together[index])
    if record != {"method": "png"}:
        assert error(faces[0], together[0]) > 1


def test_png_and_no_step_change_nothing():
    for record in ({"method": "png"}, [{"method": "png"}], []):
        np.testing.assert_array_equal(parse(record).transmit(picture()), picture())


@pytest.mark.parametrize(("subsampling", "number"), [("4:4:4", 0), ("4:2:2", 1), ("4:2:0", 2)])
@pytest.mark.parametrize("quality", [1, 30, 75, 95, 100])
def test_jpeg_is_pillows(quality, subsampling, number, tmp_path):
    posted = picture()
    Image.fromarray(posted).save(tmp_path / "posted.jpg", quality=quality, subsampling=number)
    with Image.open(tmp_path / "posted.jpg") as image:
        expected = np.asarray(image.convert("RGB"))
    record = {"method": "jpeg", "quality": quality, "subsampling": subsampling}
    np.testing.assert_array_equal(parse(record).transmit(posted), expected)


@pytest.mark.parametrize(
    ("values", "factors"), [([], (2, 2)), (["4:2:0"], (2, 2)), (["4:2:2"], (2, 1)), (["4:4:4"], (1, 1))]
)
def test_the_stream_has_the_chroma_that_was_asked_for(values, factors):
    stream = Jpeg(75, *values).encode(picture())
    # The baseline frame header (ITU T.81, B.2.2): marker, length, precision, height, width, components of three bytes.
    place = stream.index(b"\xff\xc0")
    precision, height, width, count = struct.unpack(">BHHB", stream[place + 4 : place + 10])
    assert (precision, height, width, count) == (8, 48, 64, 3)
    sampling = [divmod(stream[place + 11 + 3 * component], 16) for component in range(3)]
    assert sampling == [factors, (1, 1), (1, 1)]


def test_jpeg_tables_are_those_of_the_quality():
    # libjpeg scales the example table of ITU T.81, K.1, whose first value is 16, by 200 - 2 q percent from q = 50 on.
    for quality, first in ((50, 16), (75, 8), (90, 3)):
        with Image.open(io.BytesIO(Jpeg(quality).encode(picture()))) as image:
            assert image.quantization[0][0] == first


def test_more_quality_or_chroma_loses_less():
    posted = picture()
    losses = [error(posted, parse({"method": "jpeg", "quality": q}).transmit(posted)) for q in (5, 20, 50, 75, 90, 100)]
    assert losses == sorted(losses, reverse=True)
    assert len(set(losses)) == len(losses)
    chroma = [
        error(posted, parse({"method": "jpeg", "quality": 90, "subsampling": each}).transmit(posted))
        for each in ("4:2:0", "4:2:2", "4:4:4")
    ]
    assert chroma[0] > chroma[1] > chroma[2]


def mirrored(index: int, length: int) -> int:
    """Reflect about the first and last pixel, which are not repeated: c b | a b c | b a."""
    period = max(2 * (length - 1), 1)
    index %= period
    return min(index, period - index)


@pytest.mark.parametrize("sigma", [0.8, 2.0])
@pytest.mark.parametrize("shape", [(24, 19), (5, 3)])
def test_blur_is_a_convolution_rounded_to_the_nearest_level(sigma, shape):
    posted = picture(shape)
    radius = math.floor(4 * sigma + 0.5)
    weights = [math.exp(-(offset**2) / (2 * sigma**2)) for offset in range(-radius, radius + 1)]
    weights = np.array(weights) / sum(weights)
    expected = np.zeros((*shape, 3))
    for dy, wy in zip(range(-radius, radius + 1), weights, strict=True):
        rows = [mirrored(y + dy, shape[0]) for y in range(shape[0])]
        for dx, wx in zip(range(-radius, radius + 1), weights, strict=True):
            columns = [mirrored(x + dx, shape[1]) for x in range(shape[1])]
            expected += wy * wx * posted[rows][:, columns]
    off = np.abs(parse({"method": "blur", "sigma": sigma}).transmit(posted) - expected)
    assert off.max() < 0.5 + 1e-9


def test_colors_do_not_blur_into_each_other():
    posted = np.zeros((12, 12, 3), np.uint8)
    posted[..., 1] = 200
    np.testing.assert_array_equal(parse({"method": "blur", "sigma": 2}).transmit(posted), posted)


@pytest.mark.parametrize(("shape", "small"), [((48, 64), (24, 32)), ((47, 33), (24, 16)), ((1, 3), (1, 2))])
def test_resize_goes_down_and_up_by_pillows_bicubic_filter(shape, small):
    image = Image.fromarray(picture(shape)).resize(small[::-1], Image.Resampling.BICUBIC)
    expected = np.asarray(image.resize(shape[::-1], Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(parse({"method": "resize", "factor": 0.5}).transmit(picture(shape)), expected)


def test_resize_does_not_alias():
    # A checkerboard is beyond what half the pixels can hold: antialiasing leaves its mean, skipping pixels would not.
    rows, columns = np.indices((32, 32))
    board = np.repeat((255 * ((rows + columns) % 2))[..., None], 3, axis=2).astype(np.uint8)
    scraped = parse({"method": "resize", "factor": 0.5}).transmit(board).astype(int)
    assert np.abs(scraped[4:-4, 4:-4] - 127.5).max() < 8


def test_a_chain_is_its_steps_in_order():
    resize, jpeg = {"method": "resize", "factor": 0.5}, {"method": "jpeg", "quality": 60}
    posted = picture()
    by_hand = parse(jpeg).transmit(parse(resize).transmit(posted))
    np.testing.assert_array_equal(parse([resize, jpeg]).transmit(posted), by_hand)
    assert (parse([jpeg, resize]).transmit(posted) != by_hand).any()


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"method": "gif"}, "'gif' is unknown; choose from png, jpeg, blur, resize"),
        ({"method": ["png"]}, "is unknown"),
        ({"quality": 75}, "is no step"),
        ("jpeg", "'jpeg' is no step"),
        ([[{"method": "png"}]], "is no step"),
        ([{"method": "png"}, {"method": "blur"}], "blur lacks 'sigma'"),
        ({"method": "jpeg"}, "jpeg lacks 'quality'"),
        ({"method": "jpeg", "quality": 75, "sigma": 2}, "jpeg has no 'sigma'; it has quality, subsampling"),
        ({"method": "png", "quality": 75}, "png has no 'quality'; it has no values"),
        ({"method": "jpeg", "quality": 0}, "quality is 0.*1 to 100"),
        ({"method": "jpeg", "quality": 101}, "quality is 101"),
        ({"method": "jpeg", "quality": 75.5}, "whole number"),
        ({"method": "jpeg", "quality": True}, "quality is True"),
        ({"method": "jpeg", "quality": "high"}, "quality is 'high'"),
        ({"method": "jpeg", "quality": 75, "subsampling": "4:1:1"}, "'4:1:1'; choose from 4:4:4, 4:2:2, 4:2:0"),
        ({"method": "jpeg", "quality": 75, "subsampling": 420}, "subsampling is 420"),
        ({"method": "blur", "sigma": 0}, "sigma is 0.*above 0"),
        ({"method": "blur", "sigma": float("nan")}, "sigma is nan"),
        ({"method": "blur", "sigma": float("inf")}, "sigma is inf"),
        ({"method": "blur", "sigma": "2"}, "sigma is '2'"),
        ({"method": "resize", "factor": 1}, "factor is 1.*below 1"),
        ({"method": "resize", "factor": 0}, "factor is 0"),
        ({"method": "resize", "factor": True}, "factor is True"),
    ],
)
def test_wrong_channels_are_told_in_one_line(record, message):
    with pytest.raises(InputError, match="channel: .*" + message) as told:
        parse(record)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "posted",
    [picture().astype(float), picture()[..., 0], picture()[..., :2], picture()[None], np.zeros((0, 4, 3), np.uint8)],
)
def test_other_arrays_are_refused(posted):
    with pytest.raises(InputError, match=r"uint8 \[H,W,3\]"):
        parse([]).transmit(posted)

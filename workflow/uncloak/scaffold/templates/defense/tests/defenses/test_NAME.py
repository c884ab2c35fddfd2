"""NAME: what it takes away, what it leaves, and that each face is treated by itself."""

import numpy as np
import pytest

from uncloak.defenses import NAME as defense
from uncloak.errors import InputError


def test_single_pixels_are_taken_away_and_flat_ground_is_left():
    clean = np.full((2, 16, 16, 3), 100, dtype=np.uint8)
    cloaked = clean.copy()
    cloaked[0, 4:12:4, 4:12:4] = 160
    treated = defense.faces(cloaked, defense.Options())
    assert treated.dtype == np.uint8
    np.testing.assert_array_equal(treated, clean)
    assert (cloaked == 160).any()


def test_each_face_is_treated_by_itself():
    scraped = np.random.default_rng(1).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    together = defense.faces(scraped, defense.Options(side=5))
    assert together.shape == scraped.shape
    for row in range(3):
        np.testing.assert_array_equal(defense.faces(scraped[row : row + 1], defense.Options(side=5))[0], together[row])
    assert (together != defense.faces(scraped, defense.Options(side=3))).any()


@pytest.mark.parametrize("side", [1, 4, 33])
def test_wrong_options_are_told(side):
    with pytest.raises(InputError, match=f"side is {side}"):
        defense.Options(side=side)

"""The drawn task: which pictures, which classes, what is refused."""

import numpy as np
import pytest

from uncloak.errors import InputError
from uncloak.transfer.objects.drawn import CLASSES, draw_object, draw_objects


def test_a_picture_does_not_depend_on_how_many_are_drawn():
    few, many = (draw_objects({"validation": 1, "test": count}, 24, 3) for count in (1, 3))
    places = {name: place for place, name in enumerate(many["picture"])}
    assert len(few["picture"]) == 2 * len(CLASSES)
    for place, name in enumerate(few["picture"]):
        assert np.array_equal(few["pictures"][place], many["pictures"][places[name]])
        assert few["label"][place] == many["label"][places[name]]
    part, name, number = few["picture"][-1].split("/")
    assert np.array_equal(draw_object(3, part, name, int(number), 24), few["pictures"][-1])
    assert not np.array_equal(draw_object(4, part, name, int(number), 24), few["pictures"][-1])
    assert CLASSES[few["label"][-1]] == name


def test_no_two_pictures_are_equal_and_parts_share_none():
    drawn = draw_objects({"train": 3, "validation": 3, "test": 3}, 16, 1)
    pictures = drawn["pictures"].reshape(len(drawn["label"]), -1)
    assert len(np.unique(pictures, axis=0)) == len(pictures) == 9 * 24
    assert drawn["pictures"].dtype == np.uint8
    assert drawn["pictures"].shape[1:] == (16, 16, 3)


@pytest.mark.parametrize(
    ("counts", "size", "message"),
    [
        ({"train": 0}, 32, "count of at least 1"),
        ({"tset": 1}, 32, "train, validation, test"),
        ({}, 32, "count of at least 1"),
        ({"test": 1}, 200, "size is 200; choose one from 16 to 64"),
    ],
)
def test_faulty_objects_are_refused(counts, size, message):
    with pytest.raises(InputError, match=message):
        draw_objects(counts, size, 1)

"""Sizes of files, by which jobs ask for memory and minutes."""

import pytest

from uncloak.files import gigabytes


def test_files_and_lists_of_them_count_and_what_is_not_there_does_not(tmp_path):
    for name, size in (("one", 3000), ("two", 500)):
        (tmp_path / name).write_bytes(bytes(size))
    one, two, none = (str(tmp_path / name) for name in ("one", "two", "none"))
    assert gigabytes(one) == pytest.approx(3e-6)
    assert gigabytes(one, [two, none], []) == pytest.approx(3.5e-6)
    assert gigabytes(str(tmp_path)) == 0  # a folder

"""Digests of code and records: they change with content that matters, and with nothing else."""

import json
import os

import pytest

from uncloak import provenance
from uncloak.errors import InputError


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package called uncloak, in which `job.py` imports `direct`, which imports `deep` inside a function."""
    root = tmp_path / "uncloak"
    (root / "part").mkdir(parents=True)
    (root / "part" / "__init__.py").write_text("")
    (root / "direct.py").write_text("def work():\n    from uncloak.part import deep\n    return deep.VALUE\n")
    (root / "part" / "deep.py").write_text('"""Deep."""\nVALUE = 1\n')
    (root / "chosen.py").write_text("VALUE = 2\n")
    (root / "unused.py").write_text("VALUE = 3\n")
    (tmp_path / "job.py").write_text("from uncloak.direct import work\nwork()\n")
    monkeypatch.setattr(provenance, "PACKAGE", root)
    return tmp_path


def digest_of(package, *modules):
    for cached in (provenance._read, provenance.code_digest, provenance.module_file, provenance._name):
        cached.cache_clear()
    return provenance.code_digest(package / "job.py", *modules)


@pytest.mark.parametrize("name", ["job.py", "uncloak/direct.py", "uncloak/part/deep.py", "uncloak/chosen.py"])
def test_an_edit_of_used_code_changes_the_digest(package, name):
    before = digest_of(package, "uncloak.chosen")
    (package / name).write_text((package / name).read_text() + "\nEXTRA = 1\n")
    assert digest_of(package, "uncloak.chosen") != before


def test_what_does_not_run_does_not_count(package):
    before = digest_of(package, "uncloak.chosen")
    (package / "uncloak" / "unused.py").write_text("VALUE = 4\n")
    (package / "uncloak" / "part" / "deep.py").write_text('"""Deeper words."""\n\n# A comment.\nVALUE = (1)\n')
    os.utime(package / "job.py", (0, 0))
    assert digest_of(package, "uncloak.chosen") == before
    assert digest_of(package) != before  # without the module chosen at run time


@pytest.mark.parametrize("content", [b"def work((", b"\xff", b"\x00"])
def test_a_module_that_is_no_python_is_told_in_one_line(package, content):
    file = package / "uncloak" / "part" / "deep.py"
    file.write_bytes(content)
    with pytest.raises(InputError, match=rf"{file}: is no Python: ") as told:
        digest_of(package)
    assert "\n" not in str(told.value)


def test_records_are_equal_whatever_the_order_of_their_keys():
    assert provenance.as_text({"a": 1, "b": {"c": 2, "d": 3}}) == provenance.as_text({"b": {"d": 3, "c": 2}, "a": 1})
    assert provenance.as_text({"a": 1}) != provenance.as_text({"a": 2})


def test_what_a_job_is_told_keeps_its_order():
    told = {"attacks": {"lowkey": "LowKey", "fawkes_v10": "Fawkes"}}
    assert list(json.loads(provenance.as_ordered_text(told))["attacks"]) == ["lowkey", "fawkes_v10"]
    assert list(json.loads(provenance.as_text(told))["attacks"]) == ["fawkes_v10", "lowkey"]


def test_a_listing_changes_with_names_and_contents_only(tmp_path):
    (tmp_path / "Ann").mkdir()
    file = tmp_path / "Ann" / "a.jpg"
    file.write_bytes(b"12")
    before = provenance.listing_digest(tmp_path)
    os.utime(file, (0, 0))
    assert provenance.listing_digest(tmp_path) == before
    file.write_bytes(b"13")
    changed = provenance.listing_digest(tmp_path)
    file.rename(tmp_path / "Ann" / "b.jpg")
    assert len({before, changed, provenance.listing_digest(tmp_path)}) == 3

"""LFW by scikit-learn, from a mirror on loopback."""

import hashlib
import io
import tarfile

import pytest
from mirror import mirror
from sklearn.datasets import _lfw

from uncloak.errors import InputError
from uncloak.fetchers import FETCHERS, copy_fetched

LFW = FETCHERS["lfw"]
PICTURE = "Somebody/Somebody_0001.jpg"


@pytest.fixture
def server(monkeypatch):
    """A mirror of a small LFW, which scikit-learn is sent to."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo(f"lfw_funneled/{PICTURE}")
        entry.size = 7
        archive.addfile(entry, io.BytesIO(b"picture"))
    names = ("lfw-funneled.tgz", *(target.filename for target in _lfw.TARGETS))
    with mirror(dict.fromkeys(names, packed.getvalue())) as found:
        digest = hashlib.sha256(packed.getvalue()).hexdigest()
        targets = [each._replace(url=found.url(each.filename), checksum=digest) for each in _lfw.TARGETS]
        archive = _lfw.FUNNELED_ARCHIVE._replace(url=found.url("lfw-funneled.tgz"), checksum=digest)
        monkeypatch.setattr(_lfw, "TARGETS", tuple(targets))
        monkeypatch.setattr(_lfw, "FUNNELED_ARCHIVE", archive)
        yield found


def test_lfw_is_fetched_once_and_left_alone(server, tmp_path):
    LFW.fetch(tmp_path)
    assert (LFW.folder(tmp_path) / PICTURE).read_bytes() == b"picture"
    assert [path.name for path in tmp_path.iterdir()] == ["lfw_funneled"]
    asked = len(server.asked)
    LFW.fetch(tmp_path)
    assert len(server.asked) == asked


def test_what_is_fetched_is_copied_to_a_new_folder(server, tmp_path):
    for name in ("alone", "joined/crowd"):
        copy_fetched("lfw", tmp_path / "cache", tmp_path / name)
        assert (tmp_path / name / PICTURE).read_bytes() == b"picture"
    assert (LFW.folder(tmp_path / "cache") / PICTURE).exists()


def test_a_fetching_that_was_killed_begins_anew(server, tmp_path):
    half = tmp_path / "lfw_funneled.part" / "lfw_home" / "lfw_funneled" / "Half"
    half.mkdir(parents=True)
    LFW.fetch(tmp_path)
    assert [path.name for path in LFW.folder(tmp_path).iterdir()] == ["Somebody"]


def test_another_archive_is_one_line_and_leaves_nothing(server, tmp_path):
    server.files["lfw-funneled.tgz"] += b"more"
    with pytest.raises(InputError, match=r"^LFW: cannot be fetched by scikit-learn \(.*SHA256.*\); go online"):
        LFW.fetch(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nobody_is_reached_without_internet(server, tmp_path, monkeypatch):
    gone = _lfw.TARGETS[0]._replace(url="http://127.0.0.1:9/gone")
    monkeypatch.setattr(_lfw, "TARGETS", (gone,))
    monkeypatch.setattr("sklearn.datasets._base.time.sleep", lambda _: None)
    with pytest.raises(InputError, match=r"put it into the dataset's folder below `data`"):
        LFW.fetch(tmp_path)
    assert list(tmp_path.iterdir()) == []

"""Published weights: in the user's folder, a package or the cache, or fetched from a mirror on loopback."""

import errno
import fcntl
import hashlib
import logging
import multiprocessing
import os
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
from mirror import mirror

from uncloak import progress
from uncloak.errors import InputError
from uncloak.fetching import alone, cache, find, obtain
from uncloak.published_files import OURS, file_of

CONTENT = np.random.default_rng(5).bytes(3_000_000)
NAME = "net.pth"


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """A cache and a user's folder that nothing is in."""
    monkeypatch.setenv("UNCLOAK_CACHE", str(tmp_path / "cache"))
    (tmp_path / "weights").mkdir()
    return tmp_path


@pytest.fixture
def server():
    with mirror({NAME: CONTENT}) as found:
        yield found


def configuration(folder: Path, **weights: object) -> dict:
    """A configuration with one extractor of these published weights."""
    told = {"file": NAME, "sha256": hashlib.sha256(CONTENT).hexdigest(), **weights}
    return {"weights": str(folder / "weights"), "extractors": {"net": {"weights": told}}}


def left(folder: Path) -> list[str]:
    """The files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_is_not_there_is_fetched_once(places, server):
    config = configuration(places, url=server.url(NAME))
    found = obtain(config, "extractors.net")
    assert found.read_bytes() == CONTENT
    assert found.name == NAME  # which the suffix stays with
    assert found.is_relative_to(cache())
    assert len(left(places / "cache")) == 1
    assert obtain(config, "extractors.net") == found == find(file_of(config, "extractors.net"), config["weights"])
    assert len(server.asked) == 1
    # A file that was damaged since is fetched anew.
    found.write_bytes(CONTENT[:-1] + b"?")
    assert obtain(config, "extractors.net").read_bytes() == CONTENT
    assert len(server.asked) == 2


def test_a_hash_in_the_name_is_enough_and_none_too_little(places, server):
    name = f"net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"
    server.files[name] = CONTENT
    config = configuration(places, file=name, sha256=None, url=server.url(name))
    assert obtain(config, "extractors.net").read_bytes() == CONTENT
    server.files["net.pth"] = CONTENT
    nameless = configuration(places, sha256=None, url=server.url(NAME))
    with pytest.raises(InputError, match=r"net\.pth: not found; get it from http://127"):
        obtain(nameless, "extractors.net")


def test_the_users_folder_comes_first_and_then_the_package(places, server, monkeypatch):
    package = places / "site" / "shipping_weights"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "models" / NAME).write_bytes(b"package's")
    told = {"file": f"models/{NAME}", "package": "shipping_weights", "url": server.url(NAME)}
    config = configuration(places, **told)
    assert obtain(config, "extractors.net").read_bytes() == CONTENT
    monkeypatch.syspath_prepend(str(places / "site"))
    assert obtain(config, "extractors.net") == package / "models" / NAME
    (places / "weights" / NAME).write_bytes(b"user's")
    assert obtain(config, "extractors.net") == places / "weights" / NAME
    assert len(server.asked) == 1
    assert "shipping_weights" not in sys.modules


def test_a_package_that_is_not_there_is_told(places):
    config = configuration(places, package="no_such_package_of_weights")
    with pytest.raises(InputError, match=r"net\.pth: not found; install the package no_such_package_of_weights, which"):
        obtain(config, "extractors.net")


def test_a_cut_connection_is_gone_on_with(places, server):
    server.cuts = [1_200_000, 700_000]
    assert obtain(configuration(places, url=server.url(NAME)), "extractors.net").read_bytes() == CONTENT
    starts = [start for _, start in server.asked]
    assert len(starts) == 3
    assert 0 == starts[0] < starts[1] < starts[2] < len(CONTENT)


def test_what_came_is_kept_for_the_next_run(places, server):
    config = configuration(places, url=server.url(NAME))
    server.cuts = [1_200_000, 0, 0, 0]
    with pytest.raises(InputError, match=r"^net\.pth: cannot be fetched from http://127.*; go online, or get it"):
        obtain(config, "extractors.net")
    [part] = left(places / "cache")
    assert part.endswith(f"{NAME}.part")
    server.asked.clear()
    assert obtain(config, "extractors.net").read_bytes() == CONTENT
    assert server.asked[0][1] > 0
    assert len(left(places / "cache")) == 1


def test_a_server_that_does_not_go_on_is_asked_for_all(places, server):
    server.goes_on, server.cuts = False, [1_200_000]
    assert obtain(configuration(places, url=server.url(NAME)), "extractors.net").read_bytes() == CONTENT


@pytest.mark.parametrize("kept", [b"", CONTENT + b"more", b"x" * 1000], ids=["nothing", "too_much", "another"])
def test_another_file_is_one_line_and_leaves_nothing(places, server, kept):
    """Also where it goes on from what was left of another."""
    server.files[NAME] = CONTENT if kept else b"another" + CONTENT
    config = configuration(places, url=server.url(NAME))
    place = cache() / "weights" / hashlib.sha256(CONTENT).hexdigest()[:16]
    place.mkdir(parents=True)
    if kept:
        (place / f"{NAME}.part").write_bytes(kept)
    with pytest.raises(InputError, match=r"has another sha256 than [0-9a-f]{12}\.\.\., and is not kept") as told:
        obtain(config, "extractors.net")
    assert "\n" not in str(told.value)
    assert left(places / "cache") == []
    server.files[NAME] = CONTENT
    assert obtain(config, "extractors.net").read_bytes() == CONTENT


def test_who_is_not_reached_is_one_line_with_file_address_and_folder(places, server):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/{NAME}"
    for url, reason in ((server.url("gone.pth"), "the server answers 404"), (closed, "ConnectionError")):
        with pytest.raises(InputError) as told:
            obtain(configuration(places, url=url), "extractors.net")
        expected = f"{NAME}: cannot be fetched from {url} ({reason}); go online, or get it elsewhere and put it into"
        assert str(told.value) == f"{expected} {places / 'weights'}"
    assert left(places / "cache") == []


def test_a_cache_that_cannot_be_written_is_told(places, server):
    (places / "cache").write_bytes(b"a file")
    with pytest.raises(
        InputError, match=r"cannot be written \(.*\); make room, or set UNCLOAK_CACHE to another folder"
    ):
        obtain(configuration(places, url=server.url(NAME)), "extractors.net")


def test_progress_is_told(places, server, caplog, monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0.0)
    with caplog.at_level(logging.INFO, "uncloak.progress"):
        obtain(configuration(places, url=server.url(NAME)), "extractors.net")
    lines = [record.getMessage() for record in caplog.records if record.name == "uncloak.progress"]
    assert len(lines) > 10
    assert lines[-1].startswith("Fetch net.pth: 3 of 3 MB")


def test_two_processes_fetch_once(places, server):
    config = configuration(places, url=server.url(NAME))
    start = multiprocessing.get_context("fork")
    with start.Pool(4) as pool:
        found = pool.starmap(obtain, [(config, "extractors.net")] * 4)
    assert {path.read_bytes() for path in found} == {CONTENT}
    assert len(server.asked) == 1
    assert len(left(places / "cache")) == 1


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_cache_without_locks_is_one_still(tmp_path, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with alone(tmp_path / "cache" / "file"):
        (tmp_path / "cache" / "file").touch()
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["file"]


def test_what_needs_no_file_gets_none(places):
    config = {"weights": str(places), "extractors": {"pixels": {}}, "image_classifiers": {"vgg": {"train": {}}}}
    assert [obtain(config, what) for what in ("", "extractors.pixels", "image_classifiers.vgg")] == [None, None, None]
    assert file_of(config, "alexnet") == OURS["alexnet"]
    (places / OURS["alexnet"].file).touch()
    assert obtain(config, "alexnet") == places / OURS["alexnet"].file


def test_the_cache_is_the_users_own_unless_named(monkeypatch, tmp_path):
    monkeypatch.delenv("UNCLOAK_CACHE")
    assert cache().name == "uncloak"
    assert cache().is_absolute()
    monkeypatch.setenv("UNCLOAK_CACHE", "somewhere")
    monkeypatch.chdir(tmp_path)
    assert cache() == tmp_path / "somewhere"
    assert not os.path.exists(cache())

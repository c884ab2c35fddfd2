"""Folders as people have them: hundreds of odd files, names and links, each the right result, a row or one line.

Every file is a picture of the manifest, with its pixels where they are whole, or a row of rejected.csv with a reason; a
name that no table can hold ends the run in a line that names it. Nothing is passed over, and nothing raises.
"""

import os
import sys
import tarfile
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from odd_files import NAMES, SIZE, cut, encoded, flipped, links, no_pictures, odd_exif, scene, sound, turned
from PIL import Image

from uncloak.errors import InputError
from uncloak.folders import printable
from uncloak.pictures.manifest import build_manifest, read_manifest, write_manifest
from uncloak.pictures.reading import load_picture
from uncloak.pictures.rejected import read_rejected, write_rejected
from uncloak.pictures.split import split

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A folder of odd files: what each must come to, and what it came to."""
    root, random = tmp_path_factory.mktemp("odd") / "root", np.random.default_rng(7)
    expected: dict[str, object] = {}  # path -> pixels, text of the reason, or None where either will do

    def put(person: str, files: dict[str, bytes], fate) -> None:
        (root / person).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (root / person / name).write_bytes(content)
            expected[f"{person}/{name}"] = fate

    for number, (name, content) in enumerate(sound().items()):
        put(f"sound{number:02d}", {name: content}, scene(number))
        stem, dot, ending = name.partition(".")
        for what, changed in {**cut(content), **flipped(content, random)}.items():
            put(f"changed{number:02d}", {f"{stem}_{what}{dot}{ending}": changed}, None)
    for number, (name, content) in enumerate(turned(104).items()):
        put(f"turned{number:02d}", {name: content}, "taken")
    for number, (name, content) in enumerate(odd_exif(105).items()):
        put(f"exif{number:02d}", {name: content}, np.rot90(scene(105), -1))
    put("others", no_pictures(), "")
    expected |= links(root, root.parent / "outside")
    manifest, rejected = build_manifest(root)
    # As they are stored and read again.
    write_manifest(manifest, root.parent / "manifest.csv")
    write_rejected(rejected, root.parent / "rejected.csv")
    manifest, rejected = read_manifest(root.parent / "manifest.csv"), read_rejected(root.parent / "rejected.csv")
    return root, expected, manifest.set_index("path"), dict(zip(rejected["path"], rejected["reason"], strict=True))


def test_each_of_hundreds_of_odd_files_is_taken_or_rejected_with_a_reason(tree):
    _, expected, taken, rejected = tree
    assert len(expected) >= 400
    assert sorted([*taken.index, *rejected]) == sorted(expected)
    assert all(reason and reason.isprintable() and "0x" not in reason for reason in rejected.values())


def test_what_is_whole_is_read_as_it_is(tree):
    root, expected, taken, rejected = tree
    for path, fate in expected.items():
        if isinstance(fate, np.ndarray):
            assert path in taken.index, (path, rejected.get(path))
            found = load_picture(root / path)
            assert found.shape == fate.shape, path
            assert np.abs(found.astype(int) - fate).mean() < 8, path
        elif fate == "taken":
            assert tuple(taken.loc[path, ["height", "width"]]) == SIZE


def test_what_is_no_picture_has_the_right_reason(tree):
    _, expected, _, rejected = tree
    for path, fate in expected.items():
        if isinstance(fate, str) and fate != "taken":
            assert fate in rejected[path], path
    assert not Path("/tmp/uncloak_was_here").exists()


@pytest.fixture(scope="module")
def content():
    return [encoded(Image.fromarray(scene(seed)), "JPEG") for seed in range(4)]


@pytest.mark.parametrize("kind", ["person", "file"])
def test_every_name_is_kept_or_told_in_one_line(tmp_path, content, kind):
    assert len(NAMES) >= 110
    for number, name in enumerate(NAMES):
        root = tmp_path / str(number)
        odd = Path(name, "0.jpg") if kind == "person" else Path("Ann", f"{name}.jpg")
        for seed, path in enumerate((odd, odd.parent / "other.jpg", Path("Ben/0.jpg"), Path("Ben/1.jpg"))):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content[seed])
        if printable(name) != name or set(name) & set("\r\n"):
            with pytest.raises(InputError, match=r"; rename it$") as told:
                build_manifest(root)
            assert str(told.value).isprintable(), ascii(name)
            continue
        manifest, rejected = build_manifest(root)
        write_manifest(manifest, root / ".manifest.csv")
        stored = read_manifest(root / ".manifest.csv")
        assert stored["path"].tolist() == manifest["path"].tolist(), ascii(name)
        shown = normalize("NFC", name)
        picture = f"{shown}/0" if kind == "person" else f"Ann/{shown}"
        assert odd.as_posix() in set(stored["path"]), ascii(name)
        assert stored.set_index("path").loc[odd.as_posix(), "picture"] == picture
        assert rejected.empty
        how = {"minimum_pictures": 2, "minimum_user_pictures": 2, "gallery_share": 0.5}
        parts, _ = split(stored["picture"], {"user": 1}, seed=1, **how)
        assert set(parts["identity"]) == set(stored["identity"]) == {picture.rpartition("/")[0], "Ben"}


def test_files_and_folders_without_permission_are_told(tmp_path, content, monkeypatch):
    """Also where tests run as root, who may read all."""
    for name in ("Ann/0.jpg", "Ann/1.jpg", "Ann/deep/2.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content[0] if "1" in name else content[1])
    opened, listed = Path.open, os.listdir

    def refuse(function, part):
        def refusing(path, *arguments, **options):
            if part in str(path):
                raise PermissionError(13, "Permission denied", str(path))
            return function(path, *arguments, **options)

        return refusing

    monkeypatch.setattr(Path, "open", refuse(opened, "0.jpg"))
    monkeypatch.setattr(os, "listdir", refuse(listed, "deep"))
    manifest, rejected = build_manifest(tmp_path)
    assert manifest["path"].tolist() == ["Ann/1.jpg"]
    assert dict(zip(rejected["path"], rejected["reason"], strict=True)) == {
        "Ann/0.jpg": "cannot be read (Permission denied)",
        "Ann/deep": "a folder that cannot be read (Permission denied)",
    }
    monkeypatch.setattr(os, "listdir", refuse(listed, "Ann"))
    with pytest.raises(InputError, match="Ann: may not be read; give yourself the permission to read it"):
        build_manifest(tmp_path)


def test_there_are_as_many_odd_things_as_were_found_wanting(tree):
    assert len(tree[1]) + 2 * len(NAMES) >= 460


@pytest.mark.skipif(not CASES.is_dir(), reason="needs ../shared/cases")
def test_small_inputs_that_failed(tmp_path):
    for file in sorted((CASES / "exif").iterdir()):
        assert load_picture(file).shape[2] == 3
    plain = load_picture(CASES / "exif" / "plain_orientation6.jpg")
    for name in ("rational_minus1_over_0.jpg", "resolution_as_ascii.jpg"):
        np.testing.assert_array_equal(load_picture(CASES / "exif" / name), plain)
    people = {}
    for file in sorted((CASES / "names").glob("*.tar.gz")):
        root = tmp_path / file.name
        with tarfile.open(file) as archive:
            archive.extractall(root, filter="tar")
        try:
            manifest, rejected = build_manifest(root)
        except InputError as error:
            people[file.name] = str(error).rpartition(": ")[2]
        else:
            people[file.name] = {**manifest["identity"].value_counts(), **dict.fromkeys(rejected["path"], 0)}
    assert people == {
        "carriage-return.tar.gz": "the name has a line break in it; rename it",
        "dangling-link.tar.gz": {"Ann": 4, "Ben": 4, "Cat": 4, "Ann/4.png": 0},
        "latin1-name.tar.gz": {"Ann": 5, "Ben": 4, "Cat": 4},  # this archive spells it as systems do today
        "normal-forms.tar.gz": {"Ann": 4, "Ben": 4, "Cat": 4, "José": 8},
        "numeric-people.tar.gz": dict.fromkeys(("1", "01", "001", "0001", "2", "02", "002", "3"), 4),
    }


if sys.platform != "linux":
    pytestmark = pytest.mark.skip(reason="names, pipes and sockets of Linux")

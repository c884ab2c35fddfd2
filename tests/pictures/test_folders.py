"""Folders that people made: links to nothing, in circles or out of the tree, and names in any bytes."""

import os
import time
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from PIL import Image

import uncloak.contents as contents_module
from uncloak.contents import contents
from uncloak.errors import InputError
from uncloak.exchange.external import UnfitPicturesError, pair, read_faces
from uncloak.folders import below, files_in, folders_in, found, printable
from uncloak.pictures.manifest import build_manifest
from uncloak.pictures.reading import load_picture
from uncloak.pictures.rejected import read_rejected, write_rejected
from uncloak.provenance import listing_digest

LATIN1 = os.fsdecode("Jörg".encode("latin-1"))


def save(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((64, 64), Image.Resampling.BICUBIC).save(path)
    return path


@pytest.fixture
def root(tmp_path):
    """Two people's pictures, and a folder elsewhere that a link makes a third's."""
    root = tmp_path / "root"
    for number in range(3):
        save(root / "Ann" / f"{number}.png", number)
        save(root / "Ben" / f"{number}.png", 10 + number)
        save(tmp_path / "elsewhere" / f"{number}.png", 20 + number)
    (root / "Cat").symlink_to(tmp_path / "elsewhere")
    return root


def clutter(root: Path) -> None:
    """Add whatever else may lie there."""
    (root / "Ann" / "gone.jpg").symlink_to("/nowhere/gone.jpg")
    (root / "Ann" / "self.png").symlink_to("self.png")
    (root / "Ann" / ".#notes.png").symlink_to("somebody@somewhere.123:456")
    (root / "Ann" / "notes").symlink_to("nowhere")
    (root / "Ann" / "up").symlink_to("..")
    (root / "Ann" / "folder.png").mkdir()
    (root / "Ben" / "to Ann").symlink_to("../Ann")
    (root / "Ann" / "to Ben").symlink_to("../Ben")
    (root / "round").symlink_to("round")
    os.mkfifo(root / "Ben" / "pipe.png")
    (root / "Ben" / f"{LATIN1}.txt").touch()
    (root / LATIN1).mkdir()


def listing(root):
    """Name and size of each file."""
    return sorted(f"{name} {'unreadable' if status is None else status.st_size}" for name, _, status in found(root))


def test_whatever_lies_there_is_listed(root):
    plain = listing(root)
    assert len(plain) == 9
    assert plain[0].startswith("Ann/0.png ")
    assert plain[-1] == f"Cat/2.png {(root / 'Cat/2.png').stat().st_size}"
    clutter(root)
    lines = listing(root)
    assert set(plain) <= set(lines)
    assert set(lines) - set(plain) == {
        *("Ann/gone.jpg unreadable", "Ann/self.png unreadable", "Ann/notes unreadable"),
        *(line.replace("Ben/", "Ann/to Ben/") for line in plain if line.startswith("Ben/")),
        *(line.replace("Ann/", "Ben/to Ann/") for line in plain if line.startswith("Ann/")),
        *(f"Ben/to Ann/{name} unreadable" for name in ("gone.jpg", "self.png", "notes")),
        *(f"{place}/pipe.png 0" for place in ("Ben", "Ann/to Ben")),
        *(f"{place}/{LATIN1}.txt 0" for place in ("Ben", "Ann/to Ben")),
        *("round unreadable", "Ann/up/round unreadable"),
    }
    assert len(set(lines)) == len(lines)


def test_a_picture_replaced_by_another_of_the_same_size_is_noticed(root, tmp_path, monkeypatch):
    kept, picture = tmp_path / "kept", root / "Ann" / "0.png"
    monkeypatch.setattr(time, "time_ns", lambda: 10**19)
    first = contents(root, kept=kept)
    content, stamps = bytearray(picture.read_bytes()), picture.stat()
    content[-20] ^= 1
    picture.write_bytes(content)
    os.utime(picture, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))  # as `cp -p` and `rsync -t` leave it
    second = contents(root, kept=kept)
    assert [line.split()[:2] for line in first] == [line.split()[:2] for line in second]
    assert [one == other for one, other in zip(first, second, strict=True)] == [False] + 8 * [True]
    assert contents(root, kept=None) == second


def test_what_has_not_changed_is_not_read_again(root, tmp_path, monkeypatch):
    kept, read = tmp_path / "kept", []
    monkeypatch.setattr(time, "time_ns", lambda: 10**19)
    digest = contents_module._digest
    monkeypatch.setattr(contents_module, "_digest", lambda path, status: read.append(path) or digest(path, status))
    first = contents(root, kept=kept)
    assert len(read) == 9
    assert contents(root, kept=kept) == first
    assert len(read) == 9
    os.utime(root / "Ben" / "1.png")
    assert contents(root, kept=kept) == first, "a touch changes nothing"
    assert read[9:] == [f"{root}/Ben/1.png"]
    for damage in (b"", b"{", b"[]", b'{"Ann/0.png": 1}', b"\xff"):
        [place] = kept.glob("*.json")
        place.write_bytes(damage)
        assert contents(root, kept=kept) == first


def test_what_has_just_changed_is_read_again(root, tmp_path):
    """A clock steps: a file that changes twice within a step has the same stamps."""
    contents(root, kept=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_cache_that_cannot_be_written_is_done_without(root, tmp_path, monkeypatch):
    monkeypatch.setattr(time, "time_ns", lambda: 10**19)
    (tmp_path / "kept").write_text("a file")
    assert contents(root, kept=tmp_path / "kept") == contents(root)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: save(folder / "3.png", 30),
        lambda folder: (folder / "0.png").unlink(),
        lambda folder: save(folder / "0.png", 40),
        lambda folder: (folder / "0.png").rename(folder / "00.png"),
    ],
    ids=["added", "removed", "replaced", "renamed"],
)
def test_changes_behind_a_link_are_noticed(root, tmp_path, change):
    before = listing_digest(root)
    change(tmp_path / "elsewhere")
    assert listing_digest(root) != before


def test_a_digest_needs_no_sound_folder(root):
    before = listing_digest(root)
    (root / "Ann" / ".#0.png").symlink_to("somebody@somewhere.123:456")
    assert listing_digest(root) == before, "an editor that has a file open changes nothing"
    clutter(root)
    after = listing_digest(root)
    assert after != before
    save(root / "Ben" / f"{LATIN1}.png")
    assert listing_digest(root) not in (before, after)


def test_a_listing_goes_as_deep_as_pictures_lie_and_no_deeper(root):
    before = listing(root)
    save(root / "Ann" / "face" / "0.png")
    assert len(listing(root)) == len(before) + 1
    save(root / "Ann" / "face" / "others" / "0.png")
    assert len(listing(root)) == len(before) + 1
    for one in range(20):
        (root / f"{one}").mkdir()
        for other in range(20):
            (root / f"{one}" / f"{other}").symlink_to(f"../{other}")
    assert len(listing(root)) == len(before) + 1


def test_a_manifest_says_of_whatever_lies_there_why_it_is_no_picture(root):
    plain, _ = build_manifest(root)
    assert plain["identity"].tolist() == ["Ann"] * 3 + ["Ben"] * 3 + ["Cat"] * 3
    clutter(root)
    manifest, rejected = build_manifest(root)
    assert manifest["picture"].tolist() == plain["picture"].tolist()
    assert dict(zip(rejected["path"], rejected["reason"], strict=True)) == {
        "Ann/gone.jpg": "cannot be read (a link that leads nowhere)",
        "Ann/self.png": "cannot be read (Too many levels of symbolic links)",
        "Ann/notes": "cannot be read (a link that leads nowhere)",
        "Ann/up": "a link to a folder, where none is followed",
        "Ann/to Ben": "a link to a folder, where none is followed",
        "Ben/to Ann": "a link to a folder, where none is followed",
        "Ann/folder.png": "an empty folder",
        printable(LATIN1): "an empty folder",
        "round": "is not at ROOT/IDENTITY/*, where layout 'folder' looks",
        f"Ben/{printable(LATIN1)}.txt": "no picture, and its name is not UTF-8",
        "Ben/pipe.png": "cannot be read (it is no file)",
    }


@pytest.mark.parametrize(
    ("name", "reason"), [(LATIN1, "is not UTF-8; rename it"), ("Dan\r", "has a line break in it; rename it")]
)
@pytest.mark.parametrize("place", ["{}/0.png", "Ann/{}.png"])
def test_names_that_no_table_can_hold_are_told_in_one_line(root, place, name, reason):
    save(root / place.format(name), 50)
    listing_digest(root)
    with pytest.raises(InputError, match=f"the name {reason}") as caught:
        build_manifest(root)
    assert str(caught.value).isprintable()


def test_one_name_spelled_as_two_systems_do_is_one_person(root):
    """macOS takes a name apart (NFD) that others have whole (NFC)."""
    whole, apart = "José", normalize("NFD", "José")
    for number, name in enumerate((whole, apart, apart, whole)):
        save(root / name / f"{number}.png", 60 + number)
    save(root / "Ann" / f"{apart}.png", 70)
    save(root / "Ann" / f"{whole}.jpg", 71)
    manifest, rejected = build_manifest(root)
    own = manifest[manifest["identity"] == whole]
    assert own["picture"].tolist() == [f"{whole}/{number}" for number in (1, 2, 0, 3)]
    assert (root / own["path"].iloc[0]).exists()
    assert set(manifest["identity"]) == {"Ann", "Ben", "Cat", whole}
    assert rejected["reason"].tolist() == [f"same stem as Ann/{apart}.png"]
    pictures = own["picture"].tolist()
    assert list(pair(root, "folder", "{stem}.png", pictures, pictures).paths) == pictures


def test_names_of_255_bytes_are_pictures_or_told(root):
    save(root / "Ann" / f"{'a' * 251}.png", 70)
    save(root / "Ann" / "b.png", 71).rename(root / "Ann" / ("b" * 255))
    manifest, rejected = build_manifest(root)
    assert f"Ann/{'a' * 251}" in set(manifest["picture"])
    assert rejected["reason"].tolist() == ["no room for .png in its name: 255 bytes are the most there are; rename it"]


def test_a_carriage_return_in_a_name_stays_in_its_row(root, tmp_path):
    (root / "Ann" / "notes\r").write_text("no picture")
    (root / "to do\r\n.txt").write_text("no picture")
    _, rejected = build_manifest(root)
    write_rejected(rejected, tmp_path / "rejected.csv")
    assert read_rejected(tmp_path / "rejected.csv")["path"].tolist() == ["to do\r\n.txt", "Ann/notes\r"]


def test_a_path_may_begin_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    assert below("~/photos", "mine") == tmp_path / "photos" / "mine"
    assert below("/data", "~/mine") == tmp_path / "mine"
    assert str(below("mine", "~")) == str(tmp_path)


def test_a_folder_that_may_not_be_read_is_told(root, monkeypatch):
    def refuse(folder):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", refuse)
    for read in (folders_in, files_in, build_manifest):
        with pytest.raises(InputError, match="root: may not be read; give yourself the permission to read it"):
            read(root)


def test_perturbed_pictures_that_lead_nowhere_are_damaged(root):
    clutter(root)
    pictures = ["Ann/0", "Ann/gone", "Ben/pipe"]
    pairing = pair(root, "folder", "{stem}", pictures, pictures)
    assert f"Ben/{printable(LATIN1)}.txt" not in pairing.report()["file"].tolist()
    with pytest.raises(UnfitPicturesError, match=r"2 of 3 .* are damaged \(Ann/gone: cannot be read \(a link"):
        read_faces(pairing)


def test_objects_may_lie_beside_anything(tmp_path):
    pytest.importorskip("timm")
    from uncloak.transfer.objects.folder import read_folder

    save(tmp_path / "7" / f"{LATIN1}.png")
    (tmp_path / ".git").mkdir()
    (tmp_path / "round").symlink_to("round")
    found = read_folder(tmp_path, 1, 32, 32, 1)
    assert found["picture"].tolist() == ["7/J�rg.png"]
    (tmp_path / "7" / "gone.png").symlink_to("nowhere")
    with pytest.raises(InputError, match=r"gone\.png: cannot be read \(a link that leads nowhere\); replace it"):
        read_folder(tmp_path, 2, 32, 32, 1)


def test_a_picture_whose_name_is_not_text_is_told(tmp_path):
    with pytest.raises(InputError, match="J�rg: cannot be read"):
        load_picture(tmp_path / LATIN1)

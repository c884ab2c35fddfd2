"""Photographs of an audit: the face of each, its part, and why some are not used; bad folders are told in one line."""

import shutil
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from uncloak.audit.cloaking import add_cloak
from uncloak.audit.detecting import Crop
from uncloak.audit.listing import list_folders
from uncloak.audit.pictures import audit_pictures
from uncloak.drawn.drawing import draw_photographs
from uncloak.errors import InputError
from uncloak.pictures.channel import parse
from uncloak.pictures.faces import align_pictures
from uncloak.pictures.manifest import build_manifest
from uncloak.records.attacks import Method
from uncloak.records.reading import read
from uncloak.store import read_arrays

CROP = Crop(face_size=112, margin=0, minimum_face=40)
CHANNELS = {"jpeg75": parse([{"method": "jpeg", "quality": 75}])}
HOW = {"missing": "unprotected", "held_back": 0.3, "seed": 1}


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """Photographs of a person who does not exist, 0 to 5."""
    folder = tmp_path_factory.mktemp("drawn")
    names = [f"me/{number}" for number in range(6)]
    draw_photographs(folder, folder / "landmarks.csv", "world", 1, names, 224, 1, variation=0.5)
    return folder / "me"


@pytest.fixture
def mine(drawn, tmp_path):
    """A folder of clean photographs, one of cloaked ones, and how to audit them."""
    clean, cloaked = tmp_path / "clean", tmp_path / "cloaked"
    shutil.copytree(drawn, clean)
    cloaked.mkdir()
    for path in clean.iterdir():
        cloak(path, cloaked / f"{path.stem}_cloaked.png")
    return clean, cloaked, lambda **how: audit(clean, cloaked, **how)


def cloak(path, target):
    picture = np.asarray(Image.open(path)).astype(int)
    changed = picture + 6 * (np.indices(picture.shape).sum(0) % 2)
    Image.fromarray(np.clip(changed, 0, 255).astype(np.uint8)).save(target)


def same(faces):
    """All faces are one person's."""
    return np.zeros((len(faces), 2))


def audit(clean, cloaked, later="", points=same, threshold=1.0, channels=CHANNELS, **how):
    listed = list_folders(str(clean), {"tool": str(cloaked)}, str(later))
    return audit_pictures(listed, CROP, channels, points, threshold, **HOW | how)


def parts(audited, folder):
    rows = audited.table[audited.table["folder"] == folder]
    return dict(zip(rows["file"], rows["part"], strict=True))


def reasons(audited):
    rows = audited.table[audited.table["reason"] != ""]
    return dict(zip(rows["file"], rows["reason"], strict=True))


def test_some_photographs_are_held_back_and_the_others_posted(mine):
    audited = mine[2]()
    clean, cloaked = parts(audited, "clean"), parts(audited, "tool")
    assert sorted(clean.values()) == ["gallery"] * 4 + ["probe"] * 2
    assert {name[0]: part for name, part in cloaked.items()} == {
        name[0]: "posted" if part == "gallery" else "unused" for name, part in clean.items()
    }
    assert set(reasons(audited).values()) == {"its original is held back as a probe"}
    rows = audited.table[audited.table["part"] == "posted"]
    assert (rows["dssim"] > 0).all()
    assert rows["largest_change"].between(3, 12).all()
    assert (mine[2]().table["part"] == audited.table["part"]).all()
    channels = audited.arrays["channel"][audited.arrays["folder"] == "tool"].tolist()
    assert sorted(channels) == ["jpeg75"] * 4 + ["none"] * 4
    assert len(audited.arrays["faces"]) == 2 + 4 * 2 + 4 * 2


def test_faces_are_those_of_a_dataset(mine, tmp_path):
    clean, cloaked, _ = mine
    root = tmp_path / "dataset"
    shutil.copytree(clean, root / "me")
    manifest, _ = build_manifest(root, minimum_size=40)
    align_pictures(manifest, root, tmp_path / "faces.h5", face_size=112)
    faces, pictures = read_arrays(tmp_path / "faces.h5", "faces", "picture")
    arrays = audit(clean, cloaked).arrays
    for face, picture in zip(faces, pictures, strict=True):
        row = (arrays["folder"] == "clean") & (arrays["channel"] == "none") & (arrays["file"] == f"{picture[3:]}.jpg")
        np.testing.assert_array_equal(arrays["faces"][row][0], face)


def test_a_turned_photograph_counts_as_it_stands(mine):
    clean, _, run = mine
    before = run().arrays
    picture = Image.open(clean / "0.jpg").transpose(Image.Transpose.ROTATE_90)
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(clean / "0.jpg", exif=exif, quality=100, subsampling=0)
    after = run().arrays
    row = (after["file"] == "0.jpg") & (after["channel"] == "none")
    assert np.abs(after["faces"][row].astype(int) - before["faces"][row]).mean() < 4


def test_later_photographs_are_the_probes(mine, drawn, tmp_path):
    clean, cloaked, _ = mine
    (tmp_path / "later").mkdir()
    for name in ("4.jpg", "5.jpg"):
        (clean / name).rename(tmp_path / "later" / name)
    audited = audit(clean, cloaked, tmp_path / "later")
    assert set(parts(audited, "later").values()) == {"probe"}
    assert set(parts(audited, "clean").values()) == {"gallery"}
    assert set(reasons(audited)) == {"4_cloaked.png", "5_cloaked.png"}


def test_cloaked_photographs_without_originals_are_used_as_posted(mine):
    _, cloaked, run = mine
    for name in ("a.png", "b.png"):
        shutil.copyfile(cloaked / "0_cloaked.png", cloaked / name)
    audited = run()
    alone = audited.table[audited.table["file"].isin(["a.png", "b.png"])]
    assert (alone[["part", "pair"]] == ["posted", ""]).all(axis=None)
    assert alone["dssim"].isna().all()


def test_the_face_of_a_cloaked_photograph_is_where_it_is_in_the_clean_one(mine):
    clean, cloaked, run = mine
    for name, own, other in (("0", 0, 1), ("1", 1, 0)):  # a friend beside, left or right
        both = [Image.open(clean / "2.jpg"), Image.open(clean / "3.jpg")]
        wide = np.concatenate([np.asarray(both[own]), np.asarray(both[other])], axis=1)
        Image.fromarray(wide).save(clean / f"{name}.jpg", quality=95)
        cloak(clean / f"{name}.jpg", cloaked / f"{name}_cloaked.png")
    (clean / "2.jpg").unlink(), (clean / "3.jpg").unlink()

    def points(faces):  # a face is the person's where it is in the brighter group
        return np.stack([faces.mean(axis=(1, 2, 3)) > 0, np.zeros(len(faces))], axis=1).astype(float)

    table = run(points=points).table.set_index("file")
    assert (table.loc[["0.jpg", "1.jpg"], "faces"] == 2).all()
    assert (table.loc[["0.jpg", "1.jpg"], "chosen"] == "same person").all()
    for name in ("0", "1"):
        if table.loc[f"{name}_cloaked.png", "part"] == "posted":
            assert table.loc[f"{name}_cloaked.png", "chosen"] == "same person"
            assert table.loc[f"{name}_cloaked.png", "dssim"] > 0


def test_what_cannot_be_used_is_listed_with_its_reason(mine, monkeypatch):
    clean, cloaked, run = mine
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (clean / "notes.txt").write_text("hello")
    (clean / "cut.jpg").write_bytes((clean / "0.jpg").read_bytes()[:2000])
    Image.new("RGB", (300, 200), "grey").save(clean / "wall.png")
    (clean / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 64)
    Image.open(clean / "1.jpg").save(cloaked / "1_cloaked.png")  # the tool found no face and left it as it was
    (clean / "gone.jpg").symlink_to(clean / "nowhere.jpg")
    found = reasons(run())
    assert found["notes.txt"].startswith("unreadable or truncated (no picture format")
    assert found["cut.jpg"].startswith(("unreadable or truncated", "truncated"))
    assert found["wall.png"] == "no face found"
    assert found["gone.jpg"] == "cannot be read (a link that leads nowhere)"
    assert found["phone.heic"].startswith("HEIC, whose reader is not installed")
    assert found["1_cloaked.png"] in ("equal to its original: no cloak", "its original is held back as a probe")


def test_a_phones_photograph_is_read_where_it_can_be(mine):
    heif = pytest.importorskip("pillow_heif", reason="needs pillow-heif")
    clean, _, run = mine
    heif.from_pillow(Image.open(clean / "0.jpg")).save(clean / "0.heic", quality=95)
    (clean / "0.jpg").unlink()
    audited = run()
    assert parts(audited, "clean")["0.heic"] in ("gallery", "probe")


def png(width, height, rows):
    """A PNG file of black rows."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(1)
    content = b"".join(packer.compress(b"\0" * (3 * width + 1)) for _ in range(rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def test_photographs_of_hundreds_of_megapixels_are_read_or_listed(mine):
    clean, _, run = mine
    (clean / "large.png").write_bytes(png(12000, 9000, 9000))
    (clean / "huge.png").write_bytes(png(20000, 15000, 1))
    found = reasons(run(channels={}))
    assert found["large.png"] == "no face found"
    assert found["huge.png"].startswith("too large")


def test_somebody_else_is_listed(mine):
    def points(faces):
        return np.array([[0.0 if number != 2 else 9.0] for number in range(len(faces))])

    assert reasons(mine[2](points=points))["2.jpg"] == "seems to show somebody else than most photographs"
    assert "2.jpg" not in reasons(mine[2](points=points, threshold=None))


def test_two_people_mixed_are_told(mine):
    def points(faces):
        return np.array([[float(9 * (number % 2))] for number in range(len(faces))])

    with pytest.raises(InputError, match=r"clean: 3 of 6 photographs seem to show other people.*keep one person's"):
        mine[2](points=points)


def test_one_photograph_is_no_audit_without_later_ones(mine, tmp_path):
    clean, cloaked, run = mine
    later = tmp_path / "later"
    later.mkdir()
    (clean / "5.jpg").rename(later / "z.jpg")
    for number in range(1, 5):
        (clean / f"{number}.jpg").unlink()
    with pytest.raises(InputError, match=r"clean: one photograph can be used \(0.jpg\).*later=FOLDER"):
        run()
    assert parts(audit(clean, cloaked, later), "clean") == {"0.jpg": "gallery"}
    Image.new("RGB", (300, 200)).save(later / "z.jpg")
    with pytest.raises(InputError, match=r"later: none of its files can be used \(z.jpg: no face found\)"):
        audit(clean, cloaked, later)


def test_no_probe_is_a_copy_of_what_is_posted(mine, tmp_path):
    clean, cloaked, run = mine
    shutil.copyfile(clean / "1.jpg", clean / "copy.jpg")
    Image.open(clean / "2.jpg").save(clean / "other.png")
    told = reasons(run())
    assert (told["copy.jpg"], told["other.png"]) == (
        "the same picture as clean/1.jpg",
        "the same picture as clean/2.jpg",
    )
    later = tmp_path / "later"
    shutil.copytree(clean, later)
    with pytest.raises(InputError, match=r"later: none of its files can be used .*the same picture as clean/0.jpg"):
        audit(clean, cloaked, later)
    (clean / "3.jpg").unlink()
    shutil.copyfile(cloaked / "4_cloaked.png", later / "disguised.png")
    audited = audit(clean, cloaked, later)
    assert {file for file, part in parts(audited, "later").items() if part == "probe"} == {"3.jpg"}
    assert reasons(audited)["disguised.png"] == "the same picture as tool/4_cloaked.png"


@pytest.mark.parametrize("moved", [1, 4])
def test_later_photographs_of_somebody_else_are_told(mine, tmp_path, moved):
    clean, cloaked, _ = mine
    (tmp_path / "later").mkdir()
    for number in range(moved):
        (clean / f"{number}.jpg").rename(tmp_path / "later" / f"{number}.jpg")

    def points(faces):
        return np.array([[9.0 if number >= 6 - moved else 0.0] for number in range(len(faces))])

    with pytest.raises(InputError, match=r"^later: seems to show somebody else than clean \(0.jpg.*one person"):
        audit(clean, cloaked, tmp_path / "later", points)


def test_no_face_at_all_is_told(mine):
    clean, _, run = mine
    for path in clean.iterdir():
        Image.new("RGB", (300, 200), "grey").save(path)
    with pytest.raises(InputError, match=r"clean: none of its files can be used \(0.jpg, .*no face found"):
        run()


def test_cloaked_photographs_equal_to_their_originals_are_no_cloak(mine):
    clean, cloaked, run = mine
    for path in clean.iterdir():
        Image.open(path).save(cloaked / f"{path.stem}_cloaked.png")
    with pytest.raises(InputError, match=r"cloaked \(tool\): none of its files can be used .*no cloak"):
        run()


def test_names_that_do_not_meet_are_told_unless_originals_are_gone(mine):
    _, cloaked, run = mine
    for path in [*cloaked.iterdir()]:
        path.rename(cloaked / f"other_{path.name}")
    with pytest.raises(InputError, match=r"cloaked \(tool\): none of its photographs is named after a clean one"):
        run()
    assert set(parts(run(missing="drop"), "tool").values()) == {"posted"}


def test_where_a_cloak_hides_the_face_it_is_cut_where_it_was(mine):
    _, cloaked, run = mine
    for path in cloaked.iterdir():
        size = Image.open(path).size
        noise = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(noise).save(path)
    audited = run()
    rows = audited.table[(audited.table["folder"] == "tool") & (audited.table["part"] == "posted")]
    assert rows["faces"].tolist() == [0] * 4
    assert (rows["reason"] == "").all()


def test_an_attack_of_ours_cloaks_what_is_posted(mine):
    import torch

    record = read(
        Method, {"method": "pgd", "surrogates": ["any"], "options": {"epsilon": 0.05, "steps": 2}, "batch": 4}
    )
    audited = mine[2]()
    surrogate = torch.nn.Sequential(torch.nn.AvgPool2d(8), torch.nn.Flatten()).eval()
    more = add_cloak(audited, "pgd", record, [surrogate], CHANNELS, seed=1)
    own = more.table[more.table["folder"] == "pgd"]
    assert sorted(own["file"]) == sorted(name for name, part in parts(audited, "clean").items() if part == "gallery")
    assert (own["part"] == "posted").all()
    assert own["largest_change"].between(1, 14).all()
    assert sorted(more.arrays["channel"][more.arrays["folder"] == "pgd"]) == ["jpeg75"] * 4 + ["none"] * 4
    assert len({len(values) for values in more.arrays.values()}) == 1

"""The dataset stage without torch: reading picture files, the manifest, duplicates, and the split."""

import hashlib
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from uncloak.errors import InputError
from uncloak.folders import files_in, folders_in
from uncloak.layouts import LAYOUTS
from uncloak.pictures.duplicates import Hashes, NearDuplicates, perceptual_hash
from uncloak.pictures.manifest import build_manifest, people_in
from uncloak.pictures.reading import load_picture
from uncloak.pictures.split import split

LFW = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "lfw"


def scene(seed: int, height: int = 80, width: int = 100) -> np.ndarray:
    """A smooth random picture, uint8 [height,width,3], such as JPEG keeps well."""
    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    smooth = gaussian_filter(noise, (6, 6, 0))
    return np.uint8(np.clip(128 + 40 * smooth / smooth.std(), 0, 255))


def save(path: Path, picture: np.ndarray | Image.Image, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(path, **options)
    return path


# EXIF orientation -> how the stored pixels must be turned to stand upright (EXIF 2.3, tag 0x0112).
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_orientation_is_undone(tmp_path, orientation):
    stored = scene(0)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / "a.png", stored, exif=exif)
    np.testing.assert_array_equal(load_picture(path), UPRIGHT[orientation](stored))


def test_other_color_modes_become_rgb(tmp_path):
    picture = scene(1)
    image = Image.fromarray(picture)
    grey = np.asarray(image.convert("L"))
    np.testing.assert_array_equal(
        load_picture(save(tmp_path / "grey.png", image.convert("L"))), np.repeat(grey[..., None], 3, axis=2)
    )
    few = image.quantize(16)
    colors = np.array(few.getpalette(), np.uint8).reshape(-1, 3)
    np.testing.assert_array_equal(load_picture(save(tmp_path / "palette.png", few)), colors[np.asarray(few)])
    alpha = np.dstack([picture, np.full(picture.shape[:2], 100, np.uint8)])
    np.testing.assert_array_equal(load_picture(save(tmp_path / "alpha.png", alpha)), picture)
    deep = grey.astype(np.uint16) * 256 + 7
    np.testing.assert_array_equal(load_picture(save(tmp_path / "deep.png", deep))[..., 0], grey)
    cmyk = load_picture(save(tmp_path / "cmyk.jpg", image.convert("CMYK"), quality=98, subsampling=0))
    assert cmyk.shape == picture.shape
    assert np.abs(cmyk.astype(int) - picture).mean() < 2


@pytest.mark.parametrize("ending", ["webp", "bmp", "gif", "avif", "jfif", "heic", "tiff", "jp2", "ppm"])
def test_other_formats_are_read(tmp_path, ending):
    if ending == "heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
    stored = np.uint8(gaussian_filter(scene(0).astype(float), (3, 3, 0)))
    options = {"webp": {"lossless": True}, "avif": {"quality": 95}, "heic": {"quality": 95}}.get(ending, {})
    path = save(tmp_path / f"a.{ending}", stored, **options)
    assert np.abs(load_picture(path).astype(int) - stored).mean() < 6


def test_heic_without_its_reader_is_told_with_the_mend(tmp_path, monkeypatch):
    pytest.importorskip("pillow_heif").register_heif_opener()
    path = save(tmp_path / "a.heic", scene(0))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(
        InputError, match=r"a\.heic: HEIC, whose reader is not installed; run with `uv run --extra heic`"
    ):
        load_picture(path)


def broken_exif(value: bytes, *, kind: int, count: int, tag: int = 0x011A, orientation: int = 6) -> bytes:
    """Little-endian EXIF with an orientation and one tag whose `value` is not of its kind."""
    entries = [struct.pack("<HHII", tag, kind, count, 38), struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)]
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + b"".join(sorted(entries)) + struct.pack("<I", 0) + value


@pytest.mark.parametrize(
    "exif",
    [
        broken_exif(struct.pack("<ii", -1, 0), kind=5, count=1),
        broken_exif(b"seventy\0", kind=2, count=8),
        broken_exif(b"", kind=5, count=4_000_000),
    ],
    ids=["rational of -1/0", "resolution as text", "values beyond the end"],
)
def test_one_broken_tag_does_not_make_a_photograph_unreadable(tmp_path, exif):
    stored = scene(0)
    path = save(tmp_path / "a.jpg", stored, exif=exif, quality=98, subsampling=0)
    found = load_picture(path)
    assert found.shape == (stored.shape[1], stored.shape[0], 3)  # upright
    assert np.abs(found.astype(int) - UPRIGHT[6](stored)).mean() < 3


def test_exif_that_is_garbage_is_told_and_the_picture_taken_as_it_lies(tmp_path, caplog):
    stored = scene(0)
    path = save(tmp_path / "a.png", stored, exif=b"Exif\0\0garbage")
    np.testing.assert_array_equal(load_picture(path), stored)
    assert "EXIF that cannot be read" in caplog.text


def test_photographs_of_phones_are_read_and_bombs_are_not(tmp_path):
    Image.new("L", (12000, 9000), 90).save(tmp_path / "phone.png")  # 108 million pixels
    assert load_picture(tmp_path / "phone.png").shape == (9000, 12000, 3)
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    with pytest.raises(InputError, match=r"bomb\.png: too large, over 250,000,000 pixels"):
        load_picture(tmp_path / "bomb.png")


def test_unusable_files_are_refused_with_path_and_reason(tmp_path):
    with pytest.raises(InputError, match=r"missing\.jpg: cannot be read"):
        load_picture(tmp_path / "missing.jpg")
    (tmp_path / "text.jpg").write_text("not a picture")
    with pytest.raises(InputError, match=r"text\.jpg: unreadable or truncated"):
        load_picture(tmp_path / "text.jpg")


@pytest.fixture
def dataset(tmp_path) -> Path:
    """Two identities with one file of each kind that the manifest must notice."""
    root = tmp_path / "raw"
    for number in range(3):
        save(root / f"Ann/{number}.jpg", scene(number))
    exif = Image.Exif()
    exif[0x0112] = 6
    save(root / "Ann/rotated.JPG", scene(3), exif=exif)
    (root / "Ann/again.jpeg").write_bytes((root / "Ann/0.jpg").read_bytes())
    save(root / "Ann/1.png", scene(4))
    (root / "Ann/cut.jpg").write_bytes((root / "Ann/2.jpg").read_bytes()[:-600])
    save(root / "Ann/small.png", scene(5, 39, 60))
    frames = [Image.fromarray(scene(seed)) for seed in (6, 7)]
    save(root / "Ann/moving.png", frames[0], save_all=True, append_images=frames[1:])
    save(root / "Ann/moving.gif.jpg", frames[0], format="GIF", save_all=True, append_images=frames[1:])
    (root / "Ann/empty.png").touch()
    save(root / "Ben/one.png", scene(8))
    save(root / "Ben/shared.png", scene(9))
    save(root / "Ann/shared.png", scene(9))
    # Whether it repeats another is told when its face is known.
    save(root / "Ben/two.jpg", scene(8), quality=60)
    for other in ("README.md", "Ann/notes.txt", "Ann/.DS_Store", "Ann/._0.jpg", "Ben/.git/a/README"):
        (root / other).parent.mkdir(parents=True, exist_ok=True)
        (root / other).write_text("no picture")
    save(root / "Ann/holiday/2019/0.jpg", scene(10))
    save(root / "loose.png", scene(11))
    (root / "Cat").mkdir()
    save(root / "Ann/.trashed-12-IMG.JPG", scene(12))
    save(root / "Dora/.only.png", scene(13))
    save(root / ".thumbnails/Ann/0.jpg", scene(14))
    return root


def test_manifest_lists_every_picture_once_with_its_fate(dataset):
    manifest, rejected = build_manifest(dataset)
    assert manifest["picture"].tolist() == ["Ann/0", "Ann/1", "Ann/2", "Ann/rotated", "Ben/one", "Ben/two"]
    assert manifest["identity"].tolist() == ["Ann"] * 4 + ["Ben"] * 2
    for row in manifest.itertuples():
        assert hashlib.sha256((dataset / row.path).read_bytes()).hexdigest() == row.sha256
    sizes = manifest.set_index("picture")[["width", "height"]]
    assert tuple(sizes.loc["Ann/1"]) == (100, 80)
    assert tuple(sizes.loc["Ann/rotated"]) == (80, 100)

    expected = {
        "Ann/1.png": "same stem as Ann/1.jpg",
        "Ann/again.jpeg": "same bytes as Ann/0.jpg",
        "Ann/cut.jpg": "unreadable or truncated",
        "Ann/empty.png": "unreadable or truncated",
        "Ann/moving.gif.jpg": "animated",
        "Ann/moving.png": "animated",
        "Ann/notes.txt": "unreadable or truncated (no picture format that is read here)",
        "Ann/holiday/2019/0.jpg": "is not at ROOT/IDENTITY/*, where layout 'folder' looks",
        "README.md": "is not at ROOT/IDENTITY/*, where layout 'folder' looks",
        "loose.png": "is not at ROOT/IDENTITY/*, where layout 'folder' looks",
        "Cat": "an empty folder",
        "Ann/.trashed-12-IMG.JPG": "hidden: its name begins with a dot; rename it",
        "Dora/.only.png": "hidden: its name begins with a dot; rename it",
        ".thumbnails": "hidden: a folder of pictures whose name begins with a dot; rename it",
        "Ann/shared.png": "same bytes under several identities: Ann, Ben",
        "Ann/small.png": "tiny: 60 x 39, smaller than 40 pixels",
        "Ben/shared.png": "same bytes under several identities: Ann, Ben",
    }

    assert sorted(rejected["path"]) == sorted(expected)
    for path, reason in zip(rejected["path"], rejected["reason"], strict=True):
        assert reason.startswith(expected[path]), path
    assert not rejected["reason"].str.contains("0x").any(), "addresses differ from run to run"


def test_manifest_is_the_same_for_any_number_of_workers(dataset):
    for one, two in zip(build_manifest(dataset, workers=1), build_manifest(dataset, workers=2), strict=True):
        pd.testing.assert_frame_equal(one, two)


def test_a_picture_needs_no_ending_of_its_own(tmp_path):
    kinds = {"a.WEBP": "WEBP", "b": "JPEG", "c.jpg?width=300": "PNG", "d.txt": "BMP", "e.GIF": "GIF", "f.jfif": "JPEG"}
    for seed, (name, kind) in enumerate(kinds.items()):
        save(tmp_path / "Ann" / name, scene(seed), format=kind)
    (tmp_path / "Ann/film.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    (tmp_path / "Ben").mkdir()
    (tmp_path / "Ben/photo.jpg").write_text("no picture")
    manifest, rejected = build_manifest(tmp_path)
    assert manifest["path"].tolist() == [f"Ann/{name}" for name in kinds]
    assert rejected["path"].tolist() == ["Ann/film.mp4", "Ben/photo.jpg"]


def test_people_without_a_usable_picture_are_named(tmp_path, caplog):
    save(tmp_path / "Ann/0.jpg", scene(0))
    save(tmp_path / "Ben/small.jpg", scene(1, 20, 20))
    (tmp_path / "Cat").mkdir()
    build_manifest(tmp_path)
    assert "people without a usable picture: Ben" in caplog.text


def test_samples_of_more_than_16_bits_are_refused(tmp_path):
    path = save(tmp_path / "a.tif", Image.fromarray(np.full((60, 60), 70000, np.int32)))
    with pytest.raises(InputError, match=r"a\.tif: of more than 16 bits a sample"):
        load_picture(path)


def test_facescrub_layout_and_limits(tmp_path):
    save(tmp_path / "Ann/face/0.jpg", scene(0))
    (tmp_path / "Ann/face/1.jpg").write_text("no picture")
    save(tmp_path / "Ann/0.jpg", scene(1))
    manifest, rejected = build_manifest(tmp_path, "facescrub")
    assert manifest["path"].tolist() == ["Ann/face/0.jpg"]
    assert dict(zip(rejected["path"], rejected["picture"], strict=True)) == {"Ann/0.jpg": "", "Ann/face/1.jpg": "Ann/1"}
    with pytest.raises(InputError, match="none of its 3 files is usable"):
        build_manifest(tmp_path, "facescrub", minimum_size=81)


def test_a_layout_is_one_function(tmp_path, monkeypatch):
    def by_year(root):
        """ROOT/YEAR/IDENTITY_*"""
        for year in folders_in(root):
            for person in sorted({path.name.split("_")[0] for path in files_in(year)}):
                yield person, year, sorted(year.glob(f"{person}_*"))

    save(tmp_path / "2020/Ann_0.jpg", scene(0))
    save(tmp_path / "2020/Bob_0.jpg", scene(1))
    save(tmp_path / "2021/Ann_1.jpg", scene(2))
    (tmp_path / "2021/Ann_1.txt").write_text("no picture")
    monkeypatch.setitem(LAYOUTS, "by_year", by_year)
    manifest, _ = build_manifest(tmp_path, "by_year")
    assert manifest["picture"].tolist() == ["Ann/Ann_0", "Ann/Ann_1", "Bob/Bob_0"]
    assert manifest["path"].tolist() == ["2020/Ann_0.jpg", "2021/Ann_1.jpg", "2020/Bob_0.jpg"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"expected .*/YEAR/IDENTITY_\* \(layout 'by_year'\)"):
        build_manifest(tmp_path / "empty", "by_year")


@pytest.fixture
def folders(tmp_path) -> Path:
    """One person's photographs, a folder of friends, and a crowd in another layout."""
    for number in range(3):
        save(tmp_path / f"me/{number}.jpg", scene(number))
    for name, seed in (("friends/Ann/0", 3), ("friends/Ann/1", 4), ("crowd/Ben/face/0", 5), ("crowd/Cid/face/0", 6)):
        save(tmp_path / f"{name}.jpg", scene(seed))
    save(tmp_path / "crowd/Ben/face/mine.jpg", scene(0))
    return tmp_path


PARTS = {"me": {"layout": "person"}, "friends": {"layout": "folder"}, "crowd": {"layout": "facescrub"}}


def test_folders_are_joined_each_in_its_layout(folders):
    manifest, rejected = build_manifest(folders, folders=PARTS)
    assert dict(zip(manifest["picture"], manifest["path"], strict=True)) == {
        "Ann/0": "friends/Ann/0.jpg",
        "Ann/1": "friends/Ann/1.jpg",
        "Ben/0": "crowd/Ben/face/0.jpg",
        "Cid/0": "crowd/Cid/face/0.jpg",
        "me/1": "me/1.jpg",
        "me/2": "me/2.jpg",
    }
    assert dict(zip(rejected["path"], rejected["reason"], strict=True)) == dict.fromkeys(
        ["crowd/Ben/face/mine.jpg", "me/0.jpg"], "same bytes under several identities: Ben, me"
    )
    assert people_in(manifest, ["crowd"]) == {"Ben", "Cid"}
    assert people_in(manifest, ["me", "friends"]) == {"me", "Ann"}
    assert people_in(manifest, []) == set()
    # Whoever is left out takes no picture from anybody.
    without = {**PARTS, "crowd": {"layout": "facescrub", "without": ["Ben"]}}
    manifest, rejected = build_manifest(folders, folders=without)
    assert set(manifest["identity"]) == {"Ann", "Cid", "me"}
    assert rejected.empty
    alone, _ = build_manifest(folders / "friends")
    joined = manifest[manifest["identity"] == "Ann"].reset_index(drop=True)
    pd.testing.assert_frame_equal(joined.assign(path=joined["path"].str.removeprefix("friends/")), alone)


def test_nobody_is_in_two_folders_or_left_out_of_one_without_them(folders):
    save(folders / "crowd/Ann/face/0.jpg", scene(7))
    message = r"identity 'Ann' is in two folders, friends and crowd; .* leave it out \(`without: \[Ann\]`\)"
    with pytest.raises(InputError, match=message):
        build_manifest(folders, folders=PARTS)
    with pytest.raises(InputError, match=r"'Bem' is to be left out of folder crowd, but not in it; .*'Ben'\?"):
        build_manifest(folders, folders={**PARTS, "crowd": {"layout": "facescrub", "without": ["Bem"]}})
    with pytest.raises(InputError, match=r"crowds: no such folder"):
        build_manifest(folders, folders={"crowds": {"layout": "folder"}})


def test_a_dataset_without_pictures_is_bad_input(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        build_manifest(tmp_path / "nowhere")
    save(tmp_path / "loose.jpg", scene(0))
    with pytest.raises(
        InputError, match=r"no pictures; expected .*/IDENTITY/face/\* .*; found 1 elsewhere \(the first, loose"
    ):
        build_manifest(tmp_path, "facescrub")
    with pytest.raises(InputError, match="layout 'zip' is unknown"):
        build_manifest(tmp_path, "zip")


def test_near_duplicates_are_measured_against_kept_pictures_only():
    # 0b0011 is 2 bits from both others; the last is 4 from the first: kept, for the middle one is gone.
    assert repeats([0b0000, 0b0011, 0b1111], 2) == {1: (0, 2)}
    assert repeats([5, 9, 9, 5], 0) == {2: (1, 0), 3: (0, 0)}
    assert repeats([0, 7, 3], 2) == {2: (1, 1)}


def test_near_duplicates_are_of_one_person_and_show_one_face():
    assert repeats([5, 5, 5], 0, faces=[0, 0b1111, 0b0011], face_bits=2) == {2: (0, 0)}
    duplicates = NearDuplicates(4)
    assert duplicates.repeated_by("Ann", "a", Hashes(5, 5)) is None
    assert duplicates.repeated_by("Ben", "b", Hashes(5, 5)) is None
    assert duplicates.repeated_by("Ann", "c", Hashes(5, 5)) == ("a", 0)


def repeats(pictures, bits, faces=None, face_bits=0):
    duplicates, found = NearDuplicates(bits, face_bits), {}
    for place, hashes in enumerate(zip(pictures, faces or [0] * len(pictures), strict=True)):
        if repeated := duplicates.repeated_by("Ann", str(place), Hashes(*hashes)):
            found[place] = int(repeated[0]), repeated[1]
    return found


def test_perceptual_hash_tells_re_encoding_from_another_picture(tmp_path):
    hashes = [perceptual_hash(scene(seed)) for seed in range(6)]
    again = [
        perceptual_hash(load_picture(save(tmp_path / f"{seed}.jpg", scene(seed), quality=50))) for seed in range(6)
    ]
    assert max((a ^ b).bit_count() for a, b in zip(hashes, again, strict=True)) <= 4
    assert min((hashes[i] ^ hashes[j]).bit_count() for i in range(6) for j in range(i)) > 12


@pytest.mark.skipif(not LFW.is_dir(), reason="needs the LFW subset in ../shared/data/lfw")
def test_manifest_of_lfw_agrees_with_its_published_hashes():
    lines = (LFW / "SHA256SUMS").read_text().splitlines()
    published = {path.removeprefix("*"): digest for digest, path in (line.split(maxsplit=1) for line in lines)}
    manifest, rejected = build_manifest(LFW, workers=2)
    rejected = rejected[rejected["picture"] != ""]  # files that tell of the data set, beside the people
    assert len(manifest) + len(rejected) == 2437
    assert {published[path] for path in manifest["path"]} == set(manifest["sha256"])
    assert [published[path] for path in manifest["path"]] == manifest["sha256"].tolist()
    assert rejected.empty


def names(counts: dict[str, int]) -> list[str]:
    return [f"{identity}/{number:03d}" for identity, count in counts.items() for number in range(count)]


PEOPLE = {f"person{i:02d}": 10 + i for i in range(20)}
ROLES = {"user": 4, "public": 3, "detector": 2, "background": 5}


def test_parts_follow_the_published_rule():
    table, dropped = split(names({f"n{n:03d}": n for n in range(1, 120)}), {}, seed=1)
    assert dropped.empty
    for _, rows in table.groupby("identity"):
        assert (rows["part"] == "probe").sum() == int(0.3 * len(rows))  # attacks.md 5.2
    table, _ = split(names({"a": 10, "b": 30, "c": 9}), {}, seed=1, gallery_share=0.9, minimum_user_pictures=10)
    assert table[table["part"] == "probe"].groupby("identity").size().to_dict() == {"a": 1, "b": 3}


def test_roles_are_disjoint_and_users_have_pictures_enough():
    pictures = names(PEOPLE)
    table, _ = split(pictures, ROLES, seed=3, minimum_user_pictures=25)
    assert table["picture"].tolist() == sorted(pictures)
    people = table.drop_duplicates(["identity", "role"]).set_index("identity")["role"]
    assert people.index.is_unique
    assert people.value_counts().to_dict() == {**ROLES, "other": 6}
    assert all(PEOPLE[identity] >= 25 for identity in people[people == "user"].index)
    assert set(table.loc[table["role"] == "background", "part"]) == {"none"}
    assert set(table.loc[table["role"] != "background", "part"]) == {"gallery", "probe"}


def test_the_split_depends_on_the_seed_and_not_on_order_or_other_identities():
    pictures = names(PEOPLE)
    table, _ = split(pictures, ROLES, seed=3)
    pd.testing.assert_frame_equal(table, split(pictures[::-1], ROLES, seed=3)[0])
    other = split(pictures, ROLES, seed=4)[0]
    assert (table["role"] != other["role"]).any()
    both = (table["part"] != "none") & (other["part"] != "none")
    assert (table["part"] != other["part"])[both].any()

    # One more identity and other numbers of roles: probes of the rest stay where they are.
    more, _ = split([*pictures, *names({"zoe": 12})], {}, seed=3)
    merged = table[table["part"] != "none"].merge(more, on="picture")
    assert (merged["part_x"] == merged["part_y"]).all()
    # The probes' places differ from identity to identity.
    same = split(names({"a": 40, "b": 40}), {}, seed=3)[0]
    places = [tuple(rows["part"]) for _, rows in same.groupby("identity")]
    assert places[0] != places[1]


def test_identities_with_too_few_pictures():
    pictures = names({"ann": 12, "ben": 3, "cat": 11})
    with pytest.raises(InputError, match=r"identity 'ben' has 3 usable pictures, fewer than 10"):
        split(pictures, {}, seed=0, minimum_pictures=10)
    table, dropped = split(pictures, {}, seed=0, minimum_pictures=10, too_few="drop")
    assert set(table["identity"]) == {"ann", "cat"}
    assert dropped.to_dict("records") == [{"identity": "ben", "pictures": 3, "reason": "3 pictures, fewer than 10"}]


@pytest.mark.parametrize(
    ("roles", "options", "message"),
    [
        (
            {"user": 2},
            {"minimum_user_pictures": 29},
            "2 identities with at least 29 pictures are wanted for role 'user'",
        ),
        ({"background": 21}, {}, "21 identities are wanted for role 'background', but only 20 of 20 are left"),
        ({"usr": 1}, {}, "role 'usr' is unknown"),
        ({"user": -1}, {}, "role 'user'"),
        ({}, {"gallery_share": 1.0}, "gallery share is 1.0"),
        ({"user": 1}, {"minimum_user_pictures": 3}, "would have no probe"),
        ({}, {"too_few": "ignore"}, "too_few is 'ignore'"),
    ],
)
def test_impossible_splits_are_bad_input(roles, options, message):
    with pytest.raises(InputError, match=message):
        split(names(PEOPLE), roles, seed=0, **options)

"""Other people's perturbed pictures, and ours written for other people's tools."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from uncloak.attacks.preparation import prepare
from uncloak.errors import InputError
from uncloak.exchange.export import NAMINGS, export, export_record
from uncloak.exchange.external import UnfitPicturesError, check_photographs, pair, pair_record, read_faces, reported
from uncloak.records.attacks import AnyAttack, External
from uncloak.records.reading import read

# Stems that begin with one another, contain one another, carry dots, or look like a perturbed picture's name.
NAMES = ["a", "a1", "a_b", "b", "ba", "1", "10", "a.b", "a_attacked", "a (2)", "é ü", "+x[1]"]
PICTURES = [f"{identity}/{stem}" for identity in ("Ann", "Ann B", "Çağ") for stem in NAMES]


def faces(count: int = len(PICTURES), size: int = 12, seed: int = 0) -> np.ndarray:
    """Random faces uint8 [count,size,size,3], no two alike."""
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def save(path: Path, picture: np.ndarray | None = None, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(faces(1)[0] if picture is None else picture).save(path, **options)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def told(error: InputError) -> str:
    assert "\n" not in str(error)
    return str(error)


# --- Pairing --------------------------------------------------------------------------------------------------------


@pytest.fixture
def facecure(tmp_path) -> Path:
    """FaceCure's folder: clean and perturbed files of both attacks side by side."""
    root = tmp_path / "download"
    made = faces()
    for picture, face in zip(PICTURES, made, strict=True):
        identity, stem = picture.split("/")
        folder = root / identity / "face"
        save(folder / f"{stem}.jpg")
        save(folder / f"{stem}_small.png")
        save(folder / f"{stem}_attacked.png", face)
        save(folder / f"{stem}_high_cloaked.png", 255 - face)
    return root


def test_pictures_are_paired_by_whole_stems(facecure):
    # Sorted lists of these names do not even agree in order (attacks.md 5.6).
    assert sorted(f"{name}.jpg" for name in NAMES) != [f"{name}.jpg" for name in sorted(NAMES)]
    for name, expected in (("{stem}_attacked.png", faces()), ("{stem}_high_cloaked.png", 255 - faces())):
        pairing = pair(facecure, "facescrub", name, PICTURES, PICTURES)
        assert list(pairing.paths) == PICTURES
        assert (list(pairing.missing), list(pairing.extra)) == ([], [])
        assert pairing.ignored == 3 * len(PICTURES)
        np.testing.assert_array_equal(read_faces(pairing), expected)


def test_order_subsets_and_other_files_change_no_pairing(facecure):
    made = dict(zip(PICTURES, faces(), strict=True))
    posted = [PICTURES[index] for index in np.random.default_rng(1).permutation(len(PICTURES))[:15]]
    for known in (PICTURES, PICTURES[::-1], set(PICTURES)):
        pairing = pair(facecure, "facescrub", "{stem}_attacked.png", posted, known)
        np.testing.assert_array_equal(read_faces(pairing), np.stack([made[picture] for picture in posted]))
        # Pictures of the dataset that were not posted, such as probes, are no extra files.
        assert not pairing.extra
        assert pairing.ignored == 4 * len(PICTURES) - len(posted)


def test_a_clean_file_named_like_a_perturbed_one_is_told(facecure):
    with pytest.raises(InputError, match=r"Ann/face/a_attacked\.jpg and Ann/face/a_attacked\.png.*with the extension"):
        pair(facecure, "facescrub", "{stem}_attacked", ["Ann/a"], PICTURES)
    assert list(pair(facecure, "facescrub", "{stem}_attacked", ["Ann/b"], PICTURES).paths) == ["Ann/b"]


def test_files_beside_the_posted_ones_are_told_apart(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    for name in ("a.png", "b.png", "c.JPG", "probe.png", "who.png", "a_mask.tif.txt", "d.png.bak", ".hidden.png"):
        save(tmp_path / "Ann" / name, format="PNG")
    save(tmp_path / "Bob" / "a.png")
    save(tmp_path / "stray.png")
    save(tmp_path / ".cache" / "a.png")
    posted = ["Ann/d", "Ann/c", "Ann/a", "Ann/b"]
    pairing = pair(tmp_path, "folder", "{stem}", posted, [*posted, "Ann/probe"])
    assert dict(pairing.paths) == {
        "Ann/c": tmp_path / "Ann/c.JPG",
        "Ann/a": tmp_path / "Ann/a.png",
        "Ann/b": tmp_path / "Ann/b.png",
    }
    assert list(pairing.missing) == ["Ann/d"]
    assert list(pairing.extra) == [tmp_path / "Ann/who.png", tmp_path / "Bob/a.png"]
    assert pairing.ignored == 3  # the probe, the text and the backup
    [warning] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "Ann/who.png, Bob/a.png" in warning.getMessage()
    expected = [
        ("Ann/a.png", "Ann/a", "used"),
        ("Ann/b.png", "Ann/b", "used"),
        ("Ann/c.JPG", "Ann/c", "used"),
        ("", "Ann/d", "missing"),
        ("Ann/who.png", "", "extra"),
        ("Bob/a.png", "", "extra"),
    ]
    pd.testing.assert_frame_equal(
        pairing.report(), pd.DataFrame(expected, columns=["file", "picture", "status"], dtype=str)
    )


@pytest.mark.parametrize("ending", ["png", "jpg", "jpeg", "webp", "PNG", "JpEg"])
def test_a_name_without_extension_takes_the_usual_ones(tmp_path, ending):
    save(tmp_path / f"a_x.{ending}", format="PNG")
    assert pair(tmp_path, "flat", "{stem}_x", ["Ann/a"], []).paths["Ann/a"].name == f"a_x.{ending}"
    if ending != "png":
        with pytest.raises(InputError, match=r"a_x\.png, for example"):
            pair(tmp_path, "flat", "{stem}_x.png", ["Ann/a"], [])


def test_marks_of_regular_expressions_in_names_are_plain_letters(tmp_path):
    save(tmp_path / "a+(1).png")
    save(tmp_path / "aa(1).png")
    pairing = pair(tmp_path, "flat", "{stem}+(1)", ["Ann/a"], [])
    assert (pairing.paths["Ann/a"].name, pairing.ignored) == ("a+(1).png", 1)


def test_flat_folders_need_stems_of_their_own(tmp_path):
    for name in ("1.png", "2.png", "3.png"):
        save(tmp_path / name)
    known = ["Ann/1", "Ann/2", "Bob/3", "Bob/2"]
    assert {p: path.name for p, path in pair(tmp_path, "flat", "{stem}", ["Bob/3", "Ann/1"], known).paths.items()} == {
        "Bob/3": "3.png",
        "Ann/1": "1.png",
    }
    with pytest.raises(InputError, match=r"1 of 2 posted pictures share their stem \(Ann/2 and Bob/2\)") as error:
        pair(tmp_path, "flat", "{stem}", ["Ann/1", "Ann/2"], known)
    told(error.value)


def test_two_files_for_one_picture_are_named(tmp_path, caplog):
    for name in ("a.png", "a.jpg", "b.png", "b.PNG", "c.png", "probe.png", "probe.jpg"):
        save(tmp_path / "Ann" / name)
    posted = ["Ann/a", "Ann/b", "Ann/c"]
    with pytest.raises(
        InputError, match=r"2 of 3 posted pictures have several files \(Ann/a.jpg and Ann/a.png, ...\)"
    ) as error:
        pair(tmp_path, "folder", "{stem}", posted, [*posted, "Ann/probe"])
    told(error.value)
    assert "Ann/a, Ann/b" in caplog.text
    assert len(pair(tmp_path, "folder", "{stem}.png", posted, [*posted, "Ann/probe"]).paths) == 3


@pytest.mark.parametrize(
    ("layout", "name", "message"),
    [
        ("folder", "{stem}_attacked", r"looked for Ann/a_attacked \(\.png, .*\), .* found Ann/a\.jpg; correct layout"),
        ("folder", "{stem}_attacked.png", r"looked for Ann/a_attacked\.png, .* found Ann/a\.jpg"),
        ("folder", "{stem}.png", r"looked for Ann/a\.png, .* found Bob/x\.png"),
        ("facescrub", "{stem}", r"holds no files; expected .*/IDENTITY/face/FILE \(layout 'facescrub'\)"),
        ("flat", "{stem}", r"holds no files; expected .*/FILE"),
        ("nested", "{stem}", "layout 'nested' is unknown; choose from folder, facescrub, flat"),
        ("folder", "attacked", "name is 'attacked'; .*once"),
        ("folder", "{stem}_{stem}", "once"),
        ("folder", "face/{stem}", "must be a file name"),
    ],
)
def test_folders_that_do_not_match_are_told(tmp_path, layout, name, message):
    save(tmp_path / "Ann" / "a.jpg")
    save(tmp_path / "Bob" / "x.png")
    with pytest.raises(InputError, match=message) as error:
        pair(tmp_path, layout, name, ["Ann/a"], ["Ann/a", "Ann/b"])
    told(error.value)


def test_missing_and_empty_folders_are_told(tmp_path):
    with pytest.raises(InputError, match="none: no such folder"):
        pair(tmp_path / "none", "folder", "{stem}", ["Ann/a"], [])
    (tmp_path / "Ann").mkdir()
    with pytest.raises(InputError, match="holds no files"):
        pair(tmp_path, "folder", "{stem}", ["Ann/a"], [])
    save(tmp_path / "Ann" / "a.png")
    with pytest.raises(InputError, match="no posted pictures"):
        pair(tmp_path, "folder", "{stem}", [], ["Ann/a"])


def test_file_names_that_are_no_utf8_are_reported_readably(tmp_path):
    save(tmp_path / "a.png")
    try:
        (tmp_path / "b\udcff.png").touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    pairing = pair(tmp_path, "flat", "{stem}", ["Ann/a"], [])
    assert pairing.report()["file"].tolist() == ["a.png", "b\ufffd.png"]
    pairing.report().to_csv(tmp_path / "report.csv")


# --- Reading --------------------------------------------------------------------------------------------------------


def test_faces_are_read_upright_and_in_color(tmp_path):
    face = faces(1)[0]
    turned = Image.Exif()
    turned[0x0112] = 6  # the file's rows are to be turned clockwise by a quarter (EXIF 2.3)
    save(tmp_path / "a.png", np.rot90(face), exif=turned)
    save(tmp_path / "b.png", face[..., 0])
    save(tmp_path / "c.webp", face, lossless=True)
    pairing = pair(tmp_path, "flat", "{stem}", ["Ann/a", "Ann/b", "Ann/c"], [])
    expected = np.stack([face, face[..., :1].repeat(3, axis=2), face])
    np.testing.assert_array_equal(read_faces(pairing, 12), expected)


def test_unfit_faces_are_named_and_listed(tmp_path, caplog):
    posted = [f"Ann/{number}" for number in range(9)]
    for number in range(8):
        save(tmp_path / "Ann" / f"{number}.png", faces(1, seed=number)[0])
    pairing = pair(tmp_path, "folder", "{stem}", posted[:8], [])
    assert read_faces(pairing).shape == read_faces(pairing, 12).shape == (8, 12, 12, 3)
    with pytest.raises(UnfitPicturesError, match=r"8 of 8 posted pictures have a wrong size \(Ann/0: 12 x 12 instead"):
        read_faces(pairing, 16)

    save(tmp_path / "Ann/1.png", faces(1, 16)[0])
    save(tmp_path / "Ann/3.png", faces(1)[0][:, :10])
    caplog.clear()
    with pytest.raises(
        UnfitPicturesError,
        match=r"2 of 8 posted pictures have a wrong size \(Ann/1: 16 x 16 instead of 12 x 12 pixels, "
        r"Ann/3: 10 x 12 instead of 12 x 12 pixels\); make them again",
    ) as error:
        read_faces(pairing)
    told(error.value)
    wrong = error.value.report.set_index("picture")["status"]
    assert wrong[wrong != "used"].to_dict() == {"Ann/1": "wrong size", "Ann/3": "wrong size"}

    for number in (2, 4, 5, 6):
        path = tmp_path / "Ann" / f"{number}.png"
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(
        UnfitPicturesError, match=r"4 of 8 posted pictures are damaged \(Ann/2: unreadable.*, Ann/5: .*, \.\.\.\)"
    ) as error:
        read_faces(pairing)
    assert "Ann/6" not in told(error.value)
    assert "Ann/6: unreadable" in caplog.text

    with pytest.raises(UnfitPicturesError, match=r"1 of 9 posted pictures have no file \(Ann/8\)") as error:
        read_faces(pair(tmp_path, "folder", "{stem}", posted, []))
    told(error.value)
    statuses = error.value.report["status"].value_counts().to_dict()
    assert statuses == {"damaged": 4, "used": 2, "wrong size": 2, "missing": 1}


def test_all_files_unreadable_is_told(tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(UnfitPicturesError, match=r"1 of 1 posted pictures are damaged \(Ann/a: unreadable"):
        read_faces(pair(tmp_path, "flat", "{stem}", ["Ann/a"], []))


def test_photographs_keep_the_size_of_the_originals(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 8
    wide, tall = np.zeros((20, 30, 3), np.uint8), np.zeros((30, 20, 3), np.uint8)
    save(tmp_path / "a.png", wide)
    save(tmp_path / "b.png", wide, exif=turned)  # upright 20 x 30
    manifest = pd.DataFrame({"picture": ["Ann/b", "Ann/a", "Ann/c"], "width": [20, 30, 5], "height": [30, 20, 5]})
    pairing = pair(tmp_path, "flat", "{stem}", ["Ann/a", "Ann/b"], manifest["picture"])
    check_photographs(pairing, manifest)
    save(tmp_path / "a.png", tall)
    with pytest.raises(UnfitPicturesError, match=r"\(Ann/a: 20 x 30 instead of 30 x 20 pixels\)") as error:
        check_photographs(pairing, manifest)
    told(error.value)
    with pytest.raises(UnfitPicturesError, match="have no file"):
        check_photographs(pair(tmp_path, "flat", "{stem}", manifest["picture"], []), manifest)


def test_an_attacks_record_says_where_its_files_are(tmp_path):
    values = {"method": "external", "root": "theirs", "pictures": "faces", "layout": "folder", "name": "{stem}_new"}
    record = read(External, values)
    save(tmp_path / "Ann" / "1_new.png", faces(1)[0])
    pairing = pair_record(record, tmp_path, np.array(["Ann/1"]), np.array(["Ann/1", "Bob/2"]))
    assert pairing.paths == {"Ann/1": tmp_path / "Ann" / "1_new.png"}
    assert pairing == pair(tmp_path, "folder", "{stem}_new", ["Ann/1"], ["Ann/1", "Bob/2"])


def test_unfit_pictures_are_reported_in_a_file(tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(UnfitPicturesError), reported(tmp_path / "report.csv"):
        read_faces(pair(tmp_path, "flat", "{stem}", ["Ann/a"], []))
    assert pd.read_csv(tmp_path / "report.csv")["status"].tolist() == ["damaged"]
    with reported(tmp_path / "none.csv"):
        pass
    assert not (tmp_path / "none.csv").exists()


# --- Export ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("naming", NAMINGS)
def test_what_was_exported_is_read_back_bit_for_bit(tmp_path, naming):
    folder = tmp_path / "deep" / naming
    export(folder, PICTURES, faces(), faces(seed=1), naming)
    order = np.random.default_rng(0).permutation(len(PICTURES))
    scheme = NAMINGS[naming]
    pairing = pair(folder, scheme.layout, scheme.name, [PICTURES[index] for index in order], PICTURES)
    np.testing.assert_array_equal(read_faces(pairing, 12), faces()[order])
    assert not pairing.extra
    assert sorted(path.name for path in folder.parent.iterdir()) == [naming]


@pytest.mark.parametrize(
    ("naming", "files"),
    [
        (
            "lowkey",
            ["Ann/face/a.b_attacked.png", "Ann/face/a.b_small.png", "B c/face/é_attacked.png", "B c/face/é_small.png"],
        ),
        (
            "fawkes",
            ["Ann/face/a.b.jpg", "Ann/face/a.b_high_cloaked.png", "B c/face/é.jpg", "B c/face/é_high_cloaked.png"],
        ),
        ("plain", ["Ann/a.b.png", "B c/é.png"]),
        ("clean", ["Ann/face/a.b.png", "B c/face/é.png"]),
    ],
)
def test_files_are_named_as_others_expect(tmp_path, naming, files):
    export(tmp_path / "out", ["Ann/a.b", "B c/é"], faces(2), faces(2, seed=1), naming)
    assert sorted(contents(tmp_path / "out")) == files


def test_clean_faces_lie_beside_the_perturbed_ones(tmp_path):
    smooth = np.tile(np.linspace(0, 255, 16).astype(np.uint8)[:, None, None], (2, 1, 16, 3))
    export(tmp_path / "l", ["Ann/a", "Ann/b"], faces(2), smooth, "lowkey")
    with Image.open(tmp_path / "l/Ann/face/a_small.png") as image:
        np.testing.assert_array_equal(np.asarray(image), smooth[0])
    export(tmp_path / "f", ["Ann/a", "Ann/b"], faces(2), smooth, "fawkes")
    with Image.open(tmp_path / "f/Ann/face/a.jpg") as image:
        assert (image.format, {layer[1:3] for layer in image.layer}) == ("JPEG", {(1, 1)})
        assert {value for table in image.quantization.values() for value in table} == {1}
        assert np.abs(np.asarray(image).astype(int) - smooth[0]).max() <= 3


def test_photographs_of_several_sizes_are_exported(tmp_path):
    photographs = [faces(1)[0][:, :9], faces(1)[0][:5]]
    export(tmp_path / "out", ["Ann/a", "Ann/b"], photographs)
    for name, expected in zip("ab", photographs, strict=True):
        with Image.open(tmp_path / f"out/Ann/{name}.png") as image:
            np.testing.assert_array_equal(np.asarray(image), expected)


@pytest.mark.parametrize("naming", NAMINGS)
def test_written_again_the_bytes_are_the_same(tmp_path, naming):
    export(tmp_path / "one", PICTURES, faces(), faces(seed=1), naming)
    export(tmp_path / "two", PICTURES[::-1], faces()[::-1], faces(seed=1)[::-1], naming)
    first = contents(tmp_path / "one")
    assert contents(tmp_path / "two") == first
    export(tmp_path / "one", PICTURES, faces(), faces(seed=1), naming)
    assert contents(tmp_path / "one") == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_failed_export_leaves_what_was_there(tmp_path, monkeypatch):
    export(tmp_path / "out", ["Ann/a", "Ann/b"], faces(2))
    before = contents(tmp_path / "out")
    written = []

    def fail(path, mode, *arguments):
        if mode != "xb":
            return real(path, mode, *arguments)
        written.append(path)
        assert contents(tmp_path / "out") == before
        if len(written) > 1:
            raise OSError(28, "No space left on device")
        return real(path, mode, *arguments)

    real = Path.open
    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(InputError, match=r"out: cannot be written \(No space left on device\)"):
        export(tmp_path / "out", ["Ann/a", "Ann/b"], faces(2, seed=1))
    monkeypatch.undo()
    assert len(written) == 2
    assert contents(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]

    real_rename = Path.rename

    def fail_in_the_end(path, target):
        if ".new." in path.name:
            raise OSError(5, "Input/output error")
        return real_rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_in_the_end)
    with pytest.raises(InputError, match="Input/output error"):
        export(tmp_path / "out", ["Ann/a", "Ann/b"], faces(2, seed=1))
    assert contents(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_export_is_replaced_but_nobody_elses_files(tmp_path):
    export(tmp_path / "out", ["Ann/a", "Ann/b"], faces(2), naming="clean")
    (tmp_path / "out/.snakemake_timestamp").touch()
    export(tmp_path / "out", ["Ann/a", "Ann/b"], faces(2, seed=1), naming="clean")
    with Image.open(tmp_path / "out/Ann/face/b.png") as image:
        np.testing.assert_array_equal(np.asarray(image), faces(2, seed=1)[1])
    save(tmp_path / "out/Ann/face/b_cloaked.png")
    before = contents(tmp_path / "out")
    with pytest.raises(InputError, match=r"holds 1 files that this export does not write \(Ann/face/b_cloaked\.png\)"):
        export(tmp_path / "out", ["Ann/a", "Ann/b"], faces(2), naming="clean")
    assert contents(tmp_path / "out") == before
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        export(tmp_path / "file", ["Ann/a"], faces(1))


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (["Ann/a", "Ann/a"], r"Ann/face/a_attacked\.png: two pictures would share this file"),
        (["Ann/a", "Ann/x/y"], "'Ann/x/y' cannot name a file"),
        (["Ann/a", "Ann/x\\y"], "cannot name a file"),
        (["Ann/a", "../a"], "cannot name a file"),
        (["Ann/a", "/a"], "cannot name a file"),
        (["Ann/a", "Ann/"], "cannot name a file"),
        (["Ann/a", "Ann/.a"], "leading dot"),
        (["Ann/a", "a"], "cannot name a file"),
        (["Ann/a", "Ann/" + "x" * 250], "longer than 255 bytes"),
        (["Ann/a"], "2 faces for 1 pictures"),
    ],
)
def test_names_that_cannot_be_written_are_told(tmp_path, pictures, message):
    with pytest.raises(InputError, match=message) as error:
        export(tmp_path / "out", pictures, faces(2), faces(2), "lowkey")
    told(error.value)
    assert list(tmp_path.iterdir()) == []


def test_wrong_arguments_of_an_export_are_told(tmp_path):
    with pytest.raises(InputError, match="naming 'face' is unknown; choose from lowkey, fawkes, plain, clean"):
        export(tmp_path / "out", ["Ann/a"], faces(1), naming="face")
    with pytest.raises(InputError, match="naming 'fawkes' has clean faces beside"):
        export(tmp_path / "out", ["Ann/a"], faces(1), naming="fawkes")
    with pytest.raises(InputError, match="'Ann/a' must be uint8"):
        export(tmp_path / "out", ["Ann/a"], faces(1) / 255)


def test_names_that_facecure_would_mix_up_are_warned_of(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    export(tmp_path / "one", ["Ann/a", "Ann/b", "Ann/c"], faces(3), faces(3), "fawkes")
    assert not caplog.records
    # a.jpg < a1.jpg, but a_high_cloaked.png > a1_high_cloaked.png
    export(tmp_path / "two", ["Ann/a", "Ann/a1", "Ann/b"], faces(3), faces(3), "fawkes")
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().endswith(": Ann/a, Ann/a1")


@pytest.mark.parametrize(
    ("values", "naming"),
    [
        (None, "clean"),
        ({"method": "lowkey", "surrogates": ["facenet"]}, "lowkey"),
        ({"method": "pgd", "surrogates": ["facenet"], "preparation": {"size": 16}}, "plain"),
        ({"method": "mixture", "shares": {"lowkey": 0.5, "pgd": 0.5}}, "plain"),
    ],
)
def test_an_attacks_record_says_how_its_faces_are_named(tmp_path, values, naming):
    record = read(AnyAttack, values)
    export_record(record, tmp_path / "by_record", PICTURES, faces(seed=1), faces())
    shown = faces(seed=1) if values else faces()
    clean = prepare(faces(), getattr(record, "preparation", None))
    export(tmp_path / "by_hand", PICTURES, shown, clean, naming)
    assert contents(tmp_path / "by_record") == contents(tmp_path / "by_hand")


def test_a_name_too_long_for_a_tools_ending_is_told(tmp_path):
    stem = "a" * 240
    export(tmp_path / ("b" * 255), [f"Ann/{stem}"], faces(1))
    assert contents(tmp_path / ("b" * 255)).keys() == {f"Ann/{stem}.png"}
    with pytest.raises(InputError, match=f"Ann/face/{stem}_high_cloaked.png: this name of a file is longer than 255"):
        export(tmp_path / "fawkes", [f"Ann/{stem}"], faces(1), faces(1), naming="fawkes")
    assert not (tmp_path / "fawkes").exists()

"""One person's folders: what is listed, and which photographs are pairs."""

import unicodedata

import pytest

from uncloak.audit.listing import CLEAN, LATER, list_folders
from uncloak.errors import InputError
from uncloak.exchange.endings import bare, is_cloaked
from uncloak.exchange.export import NAMINGS


@pytest.fixture
def folder(tmp_path):
    def make(name, *files):
        for file in files:
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        (tmp_path / name).mkdir(exist_ok=True)
        return str(tmp_path / name)

    return make


def pairs(found, cloak):
    clean = {each.key: each.file for each in found if each.folder == CLEAN and each.key}
    return {each.file: clean.get(each.key) for each in found if each.folder == cloak and not each.reason}


@pytest.mark.parametrize("naming", ["lowkey", "fawkes"])
def test_every_naming_that_we_write_is_known(naming):
    scheme = NAMINGS[naming]
    cloaked, clean = (name.replace("{stem}", "me_2").rpartition(".")[0] for name in (scheme.name, scheme.clean_name))
    assert [is_cloaked(cloaked), is_cloaked(clean)] == [True, False]
    assert bare(cloaked) == bare(clean) == "me_2"


def test_photographs_are_paired_by_stem_whatever_tools_add(folder):
    clean = folder("clean", "a.jpg", "b.JPG", "c.png", "cloaked.jpg", ".DS_Store", "._a.jpg", ".d.jpg", ".e/f.png")
    cloaked = folder(
        "made", "a_cloaked.png", "b_high_cloaked.png", "c_attacked.png", "c_small.png", "cloaked.png", "e.png"
    )
    found = list_folders(clean, {"tool": cloaked})
    assert pairs(found, "tool") == {
        "a_cloaked.png": "a.jpg",
        "b_high_cloaked.png": "b.JPG",
        "c_attacked.png": "c.png",
        "cloaked.png": "cloaked.jpg",
        "e.png": None,
    }
    assert {each.file: each.reason for each in found if each.reason} == {
        "c_small.png": "a tool's original, beside its cloaked picture",
        ".d.jpg": "hidden: its name begins with a dot; rename it if it should count",
        ".e": "hidden: a folder of pictures whose name begins with a dot; rename it if it should count",
    }


def test_names_in_another_unicode_form_are_the_same(folder):
    composed = unicodedata.normalize("NFC", "Müller.jpg")
    decomposed = unicodedata.normalize("NFD", "Müller_cloaked.png")
    assert composed.encode() not in decomposed.encode()
    found = list_folders(folder("clean", composed), {"tool": folder("made", decomposed)})
    assert pairs(found, "tool") == {decomposed: composed}


def test_folders_in_folders_count_and_tell_equal_stems_apart(folder):
    clean = folder("clean", "2019/1.jpg", "2020/1.jpg", "2020/2.jpg")
    found = list_folders(clean, {"tool": folder("made", "2020/1_cloaked.png", "2.png", "1.png")})
    assert pairs(found, "tool") == {"2020/1_cloaked.png": "2020/1.jpg", "2.png": "2020/2.jpg", "1.png": None}


def test_clean_and_cloaked_may_lie_in_one_folder(folder):
    both = folder("both", "a.jpg", "a_cloaked.png", "b.jpg", "b_cloaked.png", "c.jpg")
    found = list_folders(both, {"tool": both})
    assert [each.file for each in found if each.folder == CLEAN and each.key] == ["a.jpg", "b.jpg", "c.jpg"]
    assert pairs(found, "tool") == {"a_cloaked.png": "a.jpg", "b_cloaked.png": "b.jpg", "c.jpg": "c.jpg"}


def test_of_two_files_with_one_name_the_first_counts(folder):
    found = list_folders(
        folder("clean", "a.heic", "a.jpg"), {"tool": folder("made", "a_cloaked.png", "a_mid_cloaked.png")}
    )
    reasons = {each.file: each.reason for each in found if each.reason}
    assert reasons == {
        "a.jpg": "has the name of a.heic, which is taken",
        "a_mid_cloaked.png": "a second cloaked picture of one photograph; a_cloaked.png is taken",
    }


def test_later_photographs_are_listed_as_such(folder):
    found = list_folders(folder("clean", "a.jpg"), {"tool": folder("made", "a.png")}, folder("later", "z.jpg"))
    assert [(each.file, each.key) for each in found if each.folder == LATER] == [("z.jpg", "")]


def test_swapped_folders_are_told_where_names_tell(folder):
    clean, cloaked = folder("clean", "a.jpg", "b.jpg"), folder("made", "a_cloaked.png", "b_cloaked.png")
    with pytest.raises(InputError, match=r"clean: .*made.*all 2 files are named.*swapped"):
        list_folders(cloaked, {"tool": clean})


def test_a_missing_and_an_empty_folder_are_told(folder, tmp_path):
    clean = folder("clean", "a.jpg")
    with pytest.raises(InputError, match=r"cloaked \(tool\): .*nowhere: no such folder"):
        list_folders(clean, {"tool": str(tmp_path / "nowhere")})
    with pytest.raises(InputError, match=r"clean: .*empty: holds no files"):
        list_folders(folder("empty"), {"tool": clean})
    with pytest.raises(InputError, match=r"clean: .*a.jpg: is no folder; name the folder"):
        list_folders(f"{clean}/a.jpg", {"tool": clean})


def test_cloaked_pictures_are_no_later_ones(folder):
    found = list_folders(folder("clean", "a.jpg"), {"tool": folder("made", "a.png")}, folder("later", "b_cloaked.png"))
    assert [each.reason for each in found if each.folder == LATER] == ["named as a tool's cloaked picture"]


def test_links_in_a_circle_end(folder, tmp_path):
    clean = folder("clean", "a.jpg")
    (tmp_path / "clean" / "again").symlink_to(tmp_path / "clean")
    found = list_folders(clean, {"tool": folder("made", "a.png")})
    assert len([each for each in found if each.folder == CLEAN]) < 20

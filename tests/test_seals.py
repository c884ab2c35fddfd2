"""Seals: what is damaged is named, whatever kind of file it is, and what was made otherwise is told."""

import json
import shutil
from types import SimpleNamespace

from uncloak.jobs import started

import pytest

from uncloak import seals
from uncloak.errors import InputError


@pytest.fixture
def result(tmp_path):
    """A sealed table."""
    path = tmp_path / "table.csv"
    path.write_text("attack,error\nlowkey,0.25\n")
    seals.seal(path, "abc")
    return path


def flip(path, place=-2):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_a_flipped_byte_is_named_with_the_mend(result):
    seals.check(result)
    flip(result)
    with pytest.raises(InputError) as caught:
        seals.check(result)
    assert str(caught.value) == (
        f"{result}: damaged, or changed since it was made; delete it and run again, which makes it anew"
    )


@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b""), lambda path: path.write_bytes(b"\0" * 26)])
def test_a_cut_and_an_emptied_file_are_named(result, harm):
    harm(result)
    with pytest.raises(InputError, match=r"table\.csv: damaged"):
        seals.check(result)


def test_what_has_no_seal_is_not_judged(tmp_path):
    (tmp_path / "mine.csv").write_text("a\n")
    seals.check(tmp_path / "mine.csv")
    seals.check(tmp_path / "nowhere" / "mine.csv")
    assert seals.made(tmp_path / "mine.csv") is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"made": "a"}', '{"made": "a", "sha256": 3}', "[" * 100_000])
def test_a_damaged_seal_is_told_by_its_result(result, content):
    (result.parent / ".seals" / result.name).write_text(content)
    with pytest.raises(InputError, match=r"table\.csv: damaged"):
        seals.check(result)
    assert seals.made(result) is None


def test_files_in_a_folder_are_named_one_by_one(tmp_path):
    folder = tmp_path / "photographs"
    for name in ("Ann/1.png", "Ann/2.png", "Bob/new\nline.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / ".snakemake_timestamp").touch()
    (tmp_path / "raw.png").touch()
    (folder / "Ann" / "link.png").symlink_to(tmp_path / "raw.png")
    seals.seal(folder, "abc")
    # What is hidden, what a link leads to, and what somebody put there are not ours.
    (tmp_path / "raw.png").write_text("other")
    (folder / ".snakemake_timestamp").write_text("later")
    (folder / "Ann" / "3.png").touch()
    assert list(seals.damaged(folder)) == []
    flip(folder / "Ann" / "2.png")
    (folder / "Bob" / "new\nline.png").unlink()
    assert list(seals.damaged(folder)) == ["photographs/Ann/2.png", "photographs/Bob/new\nline.png"]
    with pytest.raises(InputError, match=rf"photographs/Ann/2\.png: damaged.*delete {folder} and run"):
        seals.check(folder)


def test_seals_are_the_same_when_written_again_and_go_where_the_folder_goes(result, tmp_path):
    seal = result.parent / ".seals" / result.name
    before = seal.read_bytes()
    seals.seal(result, "abc")
    assert seal.read_bytes() == before
    copy = tmp_path / "elsewhere" / "results"
    shutil.copytree(result.parent, copy, ignore=lambda *_: ["elsewhere"])
    flip(copy / result.name)
    assert list(seals.damaged(copy / result.name)) == [result.name]
    assert list(seals.sealed_below(copy)) == [copy / result.name]


def test_results_that_would_be_made_otherwise_are_told(result):
    assert seals.strangers([(str(result), "abc")]) == ""
    (result.parent / "old.csv").touch()
    others, old = seals.strangers([(str(result), "abd"), (str(result.parent / "old.csv"), "abc")]).splitlines()
    assert str(result) in others
    assert "other code" in others
    assert "old.csv" in old
    assert "older version" in old
    many = seals.strangers((f"{number}.csv", "") for number in range(9))
    assert "0.csv, 1.csv, 2.csv and 6 more" in many


def test_what_a_job_is_told_makes_the_digest_in_any_order():
    assert seals.made_by([("code", "c"), ("seed", 3)]) == seals.made_by([("seed", 3), ("code", "c")])
    assert seals.made_by([("code", "c"), ("seed", 3)]) != seals.made_by([("code", "c"), ("seed", 4)])


def job(folder, **given):
    return SimpleNamespace(log=[folder / "job.log"], params=SimpleNamespace(code="c"), **given)


def test_jobs_look_at_what_they_read_and_seal_what_they_make(result, tmp_path, capsys):
    output, second = tmp_path / "figure.svg", tmp_path / "figure.csv"
    with started(job(tmp_path, input=[result], output=[output, second])):
        output.write_text("<svg/>")
        second.touch()
    assert seals.made(output) == seals.made(second) == seals.made_by([("code", "c")])
    assert json.loads((tmp_path / ".seals" / "figure.svg").read_text())["sha256"].keys() == {"figure.svg"}
    flip(output)
    begun = False
    with pytest.raises(SystemExit) as ended, started(job(tmp_path, input=[result, output], output=[])):
        begun = True
    assert (ended.value.code, begun) == (1, False)
    assert capsys.readouterr().err == (
        f"error: {output}: damaged, or changed since it was made; delete it and run again, which makes it anew\n"
    )


def test_a_job_that_fails_seals_nothing(tmp_path, capsys):
    output = tmp_path / "a.csv"

    def fail():
        with started(job(tmp_path, input=[], output=[output])):
            output.touch()
            raise InputError("bad")

    with pytest.raises(SystemExit):
        fail()
    assert capsys.readouterr().err == "error: bad\n"
    assert seals.made(output) is None

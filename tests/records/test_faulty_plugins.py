"""What is wrong with a contributor's own files is told in one line, before any job is planned."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Checks the default, and fills in every caption, as a run that draws everything does.
PLANNED = """
import sys
from uncloak.configuration import load, read
from uncloak.errors import InputError
from uncloak.plan import experiments
try:
    config = read(load(sys.argv[1])).as_mapping()
    for name in experiments.by_part(config, "figure"):
        for asked in experiments.made(config, name):
            if asked.record["method"] != "claims":
                experiments.caption(config, name, asked.dataset)
except InputError as error:
    sys.exit(str(error))
"""


def appended(text):
    return lambda path: path.write_text(path.read_text() + text)


def replaced(pattern, by):
    def edit(path):
        text = path.read_text()
        path.write_text(re.sub(pattern, by, text, count=1, flags=re.MULTILINE))
        assert path.read_text() != text

    return edit


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A copy of the library, of which a test changes one file and puts it back."""
    copy = tmp_path_factory.mktemp("workflow") / "uncloak"
    shutil.copytree(ROOT / "workflow" / "uncloak", copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.mark.parametrize(
    ("file", "edit", "words"),
    [
        (
            "experiments/ranks/__init__.py",
            appended("def x(:\n"),
            ["experiments/ranks/__init__.py is no Python", "mend"],
        ),
        ("experiments/ranks/__init__.py", appended("nosuch\n"), ["experiments.ranks: cannot be imported", "nosuch"]),
        ("experiments/ranks/caption.rst", appended("{nowhere}"), ["ranks/caption.rst", "'nowhere'", "n_users"]),
        ("experiments/ranks/caption.rst", appended("{"), ["ranks/caption.rst: cannot be filled in"]),
        ("experiments/ranks/caption.rst", Path.unlink, ["ranks/caption.rst: not found", "write it"]),
        ("experiments/ranks/measure.py", Path.unlink, ["experiments/ranks: has no measure.py", "write it"]),
        (
            "defenses/wavelet.py",
            appended("def learn(lessons): ...\n"),
            ["defenses.wavelet.method: 'wavelet' has a function learn, so its Options must have dataset; add it there"],
        ),
        ("defenses/jpeg.py", replaced("^HOOKS = ", "HOKS = "), ["defenses.jpeg_50.method: there is no defense 'jpeg'"]),
    ],
)
def test_a_fault_in_a_file_is_told_in_one_line(library, file, edit, words):
    path = library / file
    text = path.read_text()
    edit(path)
    try:
        done = subprocess.run(
            [sys.executable, "-c", PLANNED, ROOT],
            capture_output=True,
            text=True,
            env={"PYTHONPATH": str(library.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        )
    finally:
        path.write_text(text)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert all(word in line for word in words), line

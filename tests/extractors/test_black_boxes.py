"""Black boxes get 8-bit crops by batches, and give embeddings, or one line of what failed."""

import io
import itertools
import json
import logging
import os
import shlex
import sys
import textwrap
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
from extractor_records import PIXELS, PLAIN
from faces_read import Read
from PIL import Image

from uncloak.errors import InputError
from uncloak.extractors.black_box import embed_by_black_box
from uncloak.extractors.embedding import embed
from uncloak.extractors.extractor import build
from uncloak.records.extractors import AnyExtractor
from uncloak.records.reading import read

STANDARD = {"size": [112, 112], "template": "arcface"}
SMALL = {"size": [16, 16], "template": "arcface"}
numbers = itertools.count()


def record(box: dict, crop: dict = STANDARD, **more: object):
    return read(AnyExtractor, {"recipe": "black_box", "box": box, "crop": crop, **more})


def random_faces(count: int, side: int = 16) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


@pytest.fixture
def function(tmp_path, monkeypatch):
    """Write a module of one function `embed(faces)` into the working folder, and return the record of its box."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def written(body: str, crop: dict = SMALL):
        name = f"theirs_{next(numbers)}"  # modules stay imported
        body = textwrap.indent(body, "    ")
        Path(f"{name}.py").write_text(f"import numpy as np\n\n\ndef embed(faces):\n{body}\n")
        return record({"name": "callable", "function": f"{name}:embed"}, crop)

    return written


@pytest.fixture
def command(tmp_path):
    """Write a program that has a list of files `pictures` and a path `embeddings`, and return the record of its box."""

    def written(body: str, **options: object):
        program = tmp_path / "with space" / "program.py"
        program.parent.mkdir(exist_ok=True)
        imports = (
            "import os, subprocess, sys, time\nfrom pathlib import Path\nimport numpy as np\nfrom PIL import Image"
        )
        arguments = "pictures, embeddings = sorted(Path(sys.argv[1]).iterdir()), sys.argv[2]"
        program.write_text(f"{imports}\n{arguments}\n{body}\n")
        words = f"{sys.executable} '{program}' <pictures> <embeddings>"
        return record({"name": "command", "command": words, **options}, SMALL)

    return written


# What a box gets


def test_a_function_gets_8_bit_faces_by_batches(function):
    box = function("assert faces.dtype == np.uint8 and faces.flags.c_contiguous\nreturn faces.reshape(len(faces), -1)")
    faces = Read(random_faces(150))
    embeddings = embed_by_black_box(box, faces)
    assert embeddings.dtype == np.float32
    np.testing.assert_array_equal(embeddings, faces.faces.reshape(150, -1))
    assert faces.sizes == [64, 64, 22]


@pytest.mark.parametrize("side", [112, 64])
@pytest.mark.parametrize(
    "crop", [{"size": [32, 32], "template": "arcface"}, {"size": [112, 96], "template": "arcface_112x96"}]
)
def test_its_crop_is_that_of_a_network_in_8_bits(function, crop, side):
    box = function("return faces.reshape(len(faces), -1)", crop)
    faces = random_faces(3, side)
    wanted = embed(build({**PIXELS, "input": {**crop, **PLAIN}}), faces).reshape(3, 3, -1).transpose(0, 2, 1) * 255
    found = embed_by_black_box(box, faces)
    assert np.abs(found.reshape(wanted.shape) - wanted).max() <= 0.5 + 1e-3
    if crop["size"] == [112, 96] and side == 112:
        np.testing.assert_array_equal(found, faces[:, :, 8:104].reshape(3, -1))


def test_only_8_bit_faces_are_embedded(function):
    with pytest.raises(InputError, match="float32; only 8-bit"):
        embed_by_black_box(function("return faces[:, 0, 0]"), random_faces(3).astype(np.float32))


def test_a_command_gets_numbered_pictures_and_answers_in_their_order(command):
    box = command(
        "assert [path.name for path in pictures] == [f'{number:06d}.png' for number in range(len(pictures))]\n"
        "rows = [np.asarray(Image.open(path)).ravel() for path in pictures]\n"
        "print('not read')\n"
        "np.save(embeddings, np.array(rows))"
    )
    faces = Read(random_faces(513))
    np.testing.assert_array_equal(embed_by_black_box(box, faces), faces.faces.reshape(513, -1))
    assert faces.sizes == [512, 1]


# What is told of a box that fails


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise ValueError('no\\nkey')", ["failed", "ValueError: no key", "log"]),
        ("raise SystemExit(3)", ["failed", "SystemExit: 3"]),
        ("import nosuch_package", ["failed", "ModuleNotFoundError", "nosuch_package"]),
        ("return None", ["type object, no numbers"]),
        ("return [['a']] * len(faces)", ["no numbers"]),
        ("return [[1], [1, 2]]", ["failed", "ValueError"]),
        ("return np.ones((len(faces) - 1, 4))", ["shape [2, 4] for 3 faces"]),
        ("return np.ones(len(faces))", ["shape [3] for 3 faces"]),
        ("return np.ones((len(faces), 0))", ["shape [3, 0] for 3 faces"]),
        ("return np.where(np.arange(3)[:, None] == 1, np.nan, np.ones((3, 4)))", ["not finite", "picture number 1"]),
        ("return np.full((len(faces), 4), 1e39)", ["not finite", "picture number 0"]),
    ],
)
def test_a_function_that_fails_is_told_in_one_line(function, body, words, caplog):
    with caplog.at_level(logging.ERROR), pytest.raises(InputError) as told:
        embed_by_black_box(function(body), random_faces(3))
    assert "\n" not in str(told.value)
    assert all(word in str(told.value) for word in ["black box callable", *words]), told.value
    assert ("Traceback" in caplog.text) == ("failed" in words), "what was raised stands whole in the log"


def test_embeddings_have_one_length(function):
    with pytest.raises(InputError, match="22 numbers after some of 64"):
        embed_by_black_box(function("return np.ones((len(faces), len(faces)))"), random_faces(86))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nosuch_package.module:embed", "ModuleNotFoundError: No module named 'nosuch_package'"),
        ("json:nosuch", "json has no function nosuch"),
        ("json:__doc__", "json has no function __doc__"),
    ],
)
def test_a_function_that_is_not_there_is_told_in_one_line(name, words):
    with pytest.raises(InputError) as told:
        embed_by_black_box(record({"name": "callable", "function": name}), random_faces(3))
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit('first line\\nno licence')", ["ended with status 1", "(it said: first line no licence)"]),
        ("sys.exit('a' * 9999 + 'end')", ["(it said: ...aaa", "aaaend)"]),
        ("os.kill(os.getpid(), 9)", ["was killed by signal 9"]),
        ("pass", ["wrote nothing to <embeddings>"]),
        ("Path(embeddings).write_text('1 2 3')", ["wrote no .npy file"]),
        ("np.save(embeddings, np.array([[{}]] * len(pictures)), allow_pickle=True)", ["wrote no .npy file"]),
        ("np.save(embeddings, np.ones((len(pictures) + 1, 4)))", ["shape [4, 4] for 3 faces"]),
        ("np.save(embeddings, np.full((len(pictures), 4), np.inf))", ["not finite"]),
    ],
)
def test_a_command_that_fails_is_told_in_one_line(command, body, words):
    with pytest.raises(InputError) as told:
        embed_by_black_box(command(body), random_faces(3))
    assert "\n" not in str(told.value)
    assert all(word in str(told.value) for word in ["black box command", *words]), told.value


def test_a_command_that_is_not_there_is_told_in_one_line():
    box = record({"name": "command", "command": "nosuch-program <pictures> <embeddings>"})
    with pytest.raises(InputError, match=r"cannot start nosuch-program \(No such file"):
        embed_by_black_box(box, random_faces(3))


def test_a_command_that_takes_too_long_is_stopped_with_what_it_started(tmp_path):
    starting = f"sleep 600 & echo $! > '{tmp_path}/child'; echo waits >&2; wait"
    words = f"sh -c {shlex.quote(starting)} sh <pictures> <embeddings>"
    start = time.monotonic()
    with pytest.raises(InputError, match=r"more than 3 seconds; raise box.seconds \(it said: waits\)"):
        embed_by_black_box(record({"name": "command", "command": words, "seconds": 3.0}, SMALL), random_faces(3))
    assert time.monotonic() - start < 60
    child = Path("/proc", (tmp_path / "child").read_text().strip(), "stat")
    while runs(child) and time.monotonic() - start < 60:
        time.sleep(0.1)
    assert not runs(child)


def runs(stat: Path) -> bool:
    """Whether a process runs; whoever takes orphans may be late to bury it."""
    try:
        return stat.read_text().split()[2] != "Z"
    except OSError:
        return False


def test_nothing_is_left_behind(command, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for body in ("sys.exit(1)", "np.save(embeddings, np.ones((len(pictures), 2)))"):
        box = command(body)
        before = set(os.listdir(tmp_path))
        try:
            embed_by_black_box(box, random_faces(3))
        except InputError:
            assert body == "sys.exit(1)"
        assert set(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ({"name": "callable", "function": "theirs.embed"}, "must fit"),
        ({"name": "callable", "function": "theirs:embed", "version": "1"}, "no key 'version'"),
        ({"name": "command", "command": "theirs <embeddings>"}, "has no <pictures>"),
        ({"name": "command", "command": "theirs <pictures>"}, "has no <embeddings>"),
        ({"name": "command", "command": "theirs '<pictures> <embeddings>"}, "close the quotes"),
        ({"name": "comand", "command": "theirs <pictures> <embeddings>"}, "do you mean 'command'?"),
        ({"name": "onnxruntime", "mean": [0.0] * 3, "std": [1.0] * 3}, "runs a file; name it by `weights`"),
        ({"name": "onnxruntime", "mean": [0.0] * 3, "std": [0.0] * 3}, "above 0"),
    ],
)
def test_what_is_wrong_with_a_record_is_told_before_anything_runs(box, words):
    with pytest.raises(InputError) as told:
        record(box)
    assert words in str(told.value)


def test_a_box_that_runs_no_file_takes_none():
    weights = {"file": "theirs.onnx", "sha256": "0" * 64, "origin": "them"}
    with pytest.raises(InputError, match="dlib runs no file; remove `weights`"):
        record({"name": "dlib"}, weights=weights)


def test_the_service_of_the_page_is_asked_for_each_face(tmp_path, monkeypatch):
    """The page's example, with a service on this machine."""
    page = Path(__file__).resolve().parents[2] / "docs" / "add" / "black_box.md"
    example = page.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    asked = []

    class Service(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.headers["Authorization"])
            picture = np.asarray(Image.open(io.BytesIO(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"embedding": picture.mean((0, 1)).tolist()}).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        here = f"http://127.0.0.1:{server.server_port}"
        (tmp_path / "my_service.py").write_text(example.replace("https://their.example", here))
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", list(sys.path))
        monkeypatch.setenv("THEIR_KEY", "secret")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        faces = random_faces(3)
        found = embed_by_black_box(record({"name": "callable", "function": "my_service:embed"}, SMALL), faces)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    np.testing.assert_allclose(found, faces.mean((1, 2)), rtol=1e-6)
    assert asked == ["secret"] * 3

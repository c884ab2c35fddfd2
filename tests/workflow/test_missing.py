"""Worlds without what a user brings: planned all the same, told once, stopped before any job; or fetched."""

import hashlib
import re
import subprocess
from pathlib import Path

import pytest
import torch
from conftest import Checkout, copy_checkout
from mirror import mirror

pytestmark = pytest.mark.slow

MISSING, FETCHED = "missing, and not to be fetched:", "to be fetched, into "
OVERLAY = """
extractors:
  {name}:
    label: fetched
    released: "2020-01-01"
    recipe: import
    weights: {{file: {name}.pth, sha256: {sha256}, format: torch, url: "{url}", licence: MIT}}
    network: {{name: timm, model: resnet10t, dimension: 8}}
    input: {{size: [112, 112], template: arcface, mean: [0, 0, 0], std: [1, 1, 1], color: rgb}}
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    folder = tmp_path_factory.mktemp("bare") / "uncloak"
    copy_checkout(folder)
    return Checkout(folder)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("UNCLOAK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def run(checkout: Checkout, *arguments: str, worlds: tuple[str, ...]) -> subprocess.CompletedProcess:
    process = checkout.start(*arguments, configs=worlds)
    stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def parts(done: subprocess.CompletedProcess) -> dict[str, list[str]]:
    """The heads of the message, and the lines below each."""
    found: dict[str, list[str]] = {}
    lines = done.stderr.splitlines()
    for number, line in enumerate(lines):
        line = line.removeprefix("error: ")
        if line.startswith((MISSING, FETCHED)):
            below = lines[number + 1 :]
            end = next((place for place, each in enumerate(below) if not each.startswith("  ")), len(below))
            assert line not in found
            found[line] = [each.strip() for each in below[:end]]
    return found


@pytest.mark.parametrize(
    ("worlds", "missing", "fetched"),
    [
        (("lfw",), {}, {"LFW, funneled, by scikit-learn", "mobilefacenet_casia.ckpt"}),
        (("facescrub", "pubfig"), {"facescrub", "pubfig"}, {"alexnet-owt-7be5be79.pth", "mobilenet_v2-b0353104.pth"}),
        (
            ("imagenet",),
            {"imagenet/val"},
            {"vgg16-397923af.pth", "dpn107_extra-1ac7121e2.pth"},
        ),
    ],
)
def test_a_world_is_planned_without_what_it_needs(checkout, empty_cache, worlds, missing, fetched):
    overlays = tuple(f"resources/worlds/{name}.yaml" for name in worlds)
    done = run(checkout, "-n", "--cores", "2", worlds=overlays)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^draw +\d+$", done.stdout, re.MULTILINE)
    told = parts(done)
    lines = told.get(MISSING, [])
    assert {f"resources/data/{name}: not found" for name in missing} <= {line.split(";")[0] for line in lines}
    assert len(set(lines)) == len(lines)
    assert fetched <= {line.split(": ")[0] for line in told[f"{FETCHED}{empty_cache}:"]}
    # Nothing but what the run uses, and nothing is fetched by planning.
    assert ("LFW" in done.stderr) is (worlds == ("lfw",))
    assert not empty_cache.exists()


def test_a_run_stops_before_any_job(checkout):
    worlds = ("resources/worlds/facescrub.yaml", "resources/worlds/pubfig.yaml")
    done = run(checkout, "--cores", "2", worlds=worlds)
    assert done.returncode == 1
    lines = parts(done)[MISSING]
    assert {line.split(":")[0] for line in lines} >= {"resources/data/facescrub", "resources/data/pubfig"}
    assert "Traceback" not in done.stderr
    assert "localrule" not in done.stderr
    assert not (checkout.folder / "results").exists()
    assert not (checkout.folder / "logs").exists()
    # What needs none of it is made.
    pixels = "results/extractors/pixels.safetensors"
    done = run(checkout, "--cores", "2", pixels, worlds=worlds)
    assert done.returncode == 0, done.stdout + done.stderr
    assert parts(done) == {}


def test_weights_are_fetched_by_the_job_that_reads_them(checkout, empty_cache, tmp_path):
    import timm

    torch.manual_seed(2)
    torch.save(timm.create_model("resnet10t", num_classes=8).state_dict(), tmp_path / "served.pth")
    content = (tmp_path / "served.pth").read_bytes()
    overlay, target = tmp_path / "fetched.yaml", "results/extractors/{}.safetensors"

    def told(name: str, url: str, data: bytes = content) -> tuple[str, ...]:
        overlay.write_text(OVERLAY.format(name=name, url=url, sha256=hashlib.sha256(data).hexdigest()))
        return (str(overlay),)

    with mirror({"served.pth": content}) as server:
        # Another file than the record's: one line, and nothing is left.
        done = run(
            checkout, "--cores", "1", target.format("wrong"), worlds=told("wrong", server.url("served.pth"), b"other")
        )
        assert done.returncode == 1
        errors = {line for line in done.stderr.splitlines() if line.startswith("error: ")}
        assert len(errors) == 1
        assert "wrong.pth: what http://127.0.0.1" in errors.pop()
        assert [path for path in empty_cache.rglob("*") if path.is_file()] == []
        assert not (checkout.folder / target.format("wrong")).exists()

        done = run(checkout, "--cores", "1", target.format("net"), worlds=told("net", server.url("served.pth")))
        assert done.returncode == 0, done.stdout + done.stderr
        assert parts(done) == {
            f"{FETCHED}{empty_cache}:": [f"net.pth: size not known, licence: MIT, from {server.url('served.pth')}"]
        }
        made = (checkout.folder / target.format("net")).read_bytes()
        assert str(empty_cache).encode() not in made
        assert server.url("served.pth").encode() in made

        # Another address, the user's own file, an empty cache: there is nothing to be done.
        (checkout.folder / "resources" / "weights").mkdir(exist_ok=True)
        (checkout.folder / "resources" / "weights" / "net.pth").write_bytes(content)
        done = run(checkout, "-n", target.format("net"), worlds=told("net", "https://example.org/net.pth"))
        assert "Nothing to be done" in done.stdout + done.stderr
        assert parts(done) == {}
        # Made anew it is fetched from nowhere.
        (checkout.folder / target.format("net")).unlink()
        asked = len(server.asked)
        done = run(checkout, "--cores", "1", target.format("net"), worlds=told("net", "https://example.org/net.pth"))
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(server.asked) == asked

"""What docs/security.md says of inputs that nobody vouches for: none runs code, or writes outside the results folder.

Markup in names is the matter of tests/figures/test_escaping.py and tests/audit/test_audit_page.py; Lambda layers of
tests/extractors/test_keras_files.py; pickles of torch of tests/extractors/test_state_dicts.py.
"""

import json
import logging
import os
import pickle
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from snakemake.common.configfile import load_configfile
from snakemake_interface_common.exceptions import WorkflowError

from uncloak.checkpoints import Checkpoint
from uncloak.errors import InputError
from uncloak.exchange.export import export
from uncloak.extractors import published
from uncloak.gathering import gather_files
from uncloak.records.files import read_yaml, refuse_repeated_keys
from uncloak.store import open_arrays, write_arrays
from uncloak.tables import write_table

FACE = np.zeros((1, 8, 8, 3), np.uint8)


class Planted:
    """What touches a file when it is unpickled."""

    def __init__(self, victim: Path):
        self.victim = victim

    def __reduce__(self):
        return Path.touch, (self.victim,)


def files_below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


# Nothing runs


def test_arrays_of_objects_are_refused_and_never_unpickled(tmp_path):
    path, victim = tmp_path / "weights.npz", tmp_path / "executed"
    np.savez(path, a=np.array([Planted(victim)], dtype=object))
    with pytest.raises(InputError, match="not a plain file of weights in format 'npz'") as caught:
        published.read(path, "npz")
    assert "\n" not in str(caught.value)
    assert not victim.exists()
    np.load(path, allow_pickle=True)["a"]
    assert victim.exists(), "the trap itself must work"


@pytest.mark.parametrize("kind", ["torch", "npz", "safetensors", "dlib", "keras"])
def test_a_bare_pickle_is_no_file_of_weights(kind, tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(pickle.dumps({"a": Planted(tmp_path / "executed")}))
    with pytest.raises(InputError) as caught:
        published.read(path, kind)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['{}']",
        "a: !!python/object/apply:os.system ['{}']",
        "a: !!python/name:os.system",
    ],
)
@pytest.mark.parametrize("reader", [read_yaml, lambda path: refuse_repeated_keys([path]), load_configfile])
def test_tags_of_yaml_run_nothing(text, reader, tmp_path):
    victim = tmp_path / "executed"
    (tmp_path / "overlay.yaml").write_text(text.format(f"touch {victim}"))
    with suppress(InputError, WorkflowError):
        reader(tmp_path / "overlay.yaml")
    assert not victim.exists()


@pytest.mark.parametrize("name", ["os", "../../os", "os.path", "__init__", "torch", 7, "fitting"])
def test_an_extractor_of_somebody_elses_names_no_code_but_ours(name):
    from uncloak.extractors.extractor import build

    with pytest.raises(InputError, match="unknown name"):
        build({"network": {"name": name}, "input": {}})


@pytest.mark.parametrize("network", ["open_clip", "timm", "torchvision"])
@pytest.mark.parametrize("model", ["hf-hub:someone/else", "hf_hub:someone/else", "local-dir:{}", "../{}"])
def test_a_model_of_a_library_is_the_librarys_own(network, model, tmp_path, monkeypatch):
    """Its name comes with an extractor's file: no folder is read and nobody is asked on the network."""
    pytest.importorskip(network)
    module = pytest.importorskip(f"uncloak.extractors.networks.{network}")
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("asks on the network"))
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": {}}))
    with pytest.raises(InputError, match="has no"):
        module.build(model.format(tmp_path))


def test_a_graph_run_by_onnxruntime_reads_no_other_file(tmp_path):
    onnx, build = pytest.importorskip("onnx"), pytest.importorskip("uncloak.extractors.black_boxes.onnxruntime").build
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret").write_bytes(np.full(16, 7.0, np.float32).tobytes())
    weight = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=[1, 16])
    weight.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": "../secret", "offset": "0", "length": "64"}.items():
        weight.external_data.add(key=key, value=value)
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("x", ["N", 16]), ("y", ["N", 16]))
    ]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Add", ["x", "w"], ["y"])], "g", ends[:1], ends[1:], [weight])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path / "inside" / "net.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(Exception, match=r"(?i)external|secret"):
        build(path, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


# Nothing is written outside


@pytest.mark.parametrize("name", ["../outside.png", "a/../../outside.png", "{}/outside.png"])
def test_a_table_of_shards_names_no_file_outside(name, tmp_path):
    outside, shard, target = (tmp_path / folder for folder in ("outside", "results/shard", "results/all"))
    for folder in (outside, shard):
        folder.mkdir(parents=True)
    name = name.format(outside)
    for place in (shard.parent, shard, shard / "a"):
        place.mkdir(exist_ok=True)
        (place / "outside.png").write_bytes(b"theirs")
    before = files_below(tmp_path)
    write_table(pd.DataFrame({"picture": ["a/1"], "path": [name]}), tmp_path / "results/table.csv")
    with pytest.raises(InputError, match="leads out of this folder"):
        gather_files([shard], [tmp_path / "results/table.csv"], target)
    assert files_below(tmp_path) == sorted([*before, "results/table.csv"])


@pytest.mark.parametrize("picture", ["../../outside", "{}/outside", "a/../../../outside"])
def test_a_photograph_of_such_a_name_is_not_written(picture, tmp_path):
    photographs = pytest.importorskip("uncloak.attacks.photographs")
    folder = tmp_path / "results" / "photographs"
    folder.mkdir(parents=True)
    with pytest.raises(InputError, match="leads out of this folder"):
        photographs._write(folder, picture.format(tmp_path), FACE[0])
    assert files_below(tmp_path) == []


@pytest.mark.parametrize("picture", ["../1", "../../x/1", "/etc/1", "a/../1", "..\\x/1", "./1"])
def test_faces_of_such_names_are_not_exported(picture, tmp_path):
    with pytest.raises(InputError, match="cannot name a file"):
        export(tmp_path / "results" / "export", [picture], FACE)
    assert files_below(tmp_path) == []


def write_checkpoint(path):
    torch = pytest.importorskip("torch")
    Checkpoint(path, "made").write({"a": torch.zeros(3)}, {})


@pytest.mark.parametrize(
    ("name", "link", "write"),
    [
        ("table.csv", "table.csv", lambda path: write_table(pd.DataFrame({"a": [1]}), path)),
        ("arrays.h5", "arrays.h5", lambda path: write_arrays(path, {"a": np.zeros(3)}, {})),
        ("net", "net.checkpoint", write_checkpoint),
        ("net", ".net.checkpoint", write_checkpoint),
    ],
)
def test_a_link_among_results_is_replaced_and_what_it_leads_to_stays(name, link, write, tmp_path):
    victim = tmp_path / "profile"
    victim.write_text("mine")
    results = tmp_path / "results"
    results.mkdir()
    (results / link).symlink_to(victim)
    write(results / name)
    assert victim.read_text() == "mine"
    assert not (results / link).is_symlink()


def test_an_export_in_the_place_of_a_link_leaves_what_it_leads_to(tmp_path):
    mine = tmp_path / "mine"
    (mine / "Ann").mkdir(parents=True)
    (mine / "Ann" / "1.png").write_bytes(b"mine")
    (tmp_path / "export").symlink_to(mine)
    export(tmp_path / "export", ["Ann/1"], FACE)
    assert (mine / "Ann" / "1.png").read_bytes() == b"mine"
    assert (tmp_path / "export" / "Ann" / "1.png").read_bytes()[1:4] == b"PNG"


# Nothing reaches a terminal


ESCAPES = "\x1b]0;title\x07\x1b[2J\x9b31mred\u202e\x08"


def test_a_log_and_an_error_hold_no_escapes(tmp_path):
    code = (
        "import logging, sys\n"
        "from uncloak.jobs import logged\n"
        "from uncloak.errors import InputError\n"
        f"name = {ESCAPES!r}\n"
        f"with logged({str(tmp_path / 'job.log')!r}):\n"
        "    logging.getLogger('uncloak').warning('%s: no picture\\nsecond line', name)\n"
        "    raise InputError(f'{name}: is none; remove it')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    log = (tmp_path / "job.log").read_text()
    for text in (log, done.stderr):
        assert "is none; remove it" in text
        assert all(line.isprintable() for line in text.splitlines()), text
    assert "\nsecond line\n" in log


def test_a_traceback_holds_no_escapes(tmp_path):
    from uncloak.jobs import logged

    root = logging.getLogger()
    before = root.handlers[:]
    try:
        with pytest.raises(LookupError), logged(tmp_path / "job.log"):
            raise LookupError(ESCAPES)
    finally:
        root.handlers[:] = before
    text = (tmp_path / "job.log").read_text()
    assert "Traceback" in text
    assert "\x1b" not in text


# Results of others


def test_absurd_files_of_results_are_one_line_and_take_no_memory(tmp_path):
    from uncloak.extractors.weights import read_metadata

    size = (2**62).to_bytes(8, "little")
    for name, content in {"long": size + b"{}", "deep": b"\x08\0\0\0\0\0\0\0[[[[[[[[", "none": b""}.items():
        path = tmp_path / f"{name}.safetensors"
        path.write_bytes(content)
        for read in (read_metadata, lambda path: published.read(path, "safetensors")):
            with pytest.raises(InputError) as caught:
                read(path)
            assert "\n" not in str(caught.value)
    with pytest.raises(InputError), open_arrays(tmp_path / "long.safetensors"):
        pass


def test_a_dataset_is_only_read(tmp_path):
    from PIL import Image

    from uncloak.pictures.manifest import build_manifest

    root = tmp_path / "data"
    (root / "Ann").mkdir(parents=True)
    random = np.random.default_rng(1)
    for number in range(3):
        Image.fromarray(random.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(root / "Ann" / f"{number}.png")
    (tmp_path / "secret.txt").write_text("what it says")
    (root / "Ann" / "link.png").symlink_to(tmp_path / "secret.txt")
    (root / "up").symlink_to(tmp_path)
    for path in (root, root / "Ann"):
        os.chmod(path, 0o555)
    before = {path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in root.rglob("*")}
    manifest, rejected = build_manifest(root)
    assert {path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in root.rglob("*")} == before
    assert manifest["picture"].tolist() == ["Ann/0", "Ann/1", "Ann/2"]
    assert "Ann/link.png" in rejected["path"].tolist()
    assert "what it says" not in rejected.to_csv()

"""Files of extractors: they come back exactly and alone, and what is wrong with them is told."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from extractor_records import PIXELS, RECORDS, random_faces, untrained

from uncloak.errors import InputError
from uncloak.extractors import weights
from uncloak.extractors.extractor import build

METADATA = {"recipe": "train", "sources": {"faces": "0" * 64}, "clean_error": 0.0125}


def test_a_saved_extractor_comes_back_exactly_from_its_file_alone(tmp_path):
    path = tmp_path / "deep" / "a.safetensors"
    extractor = untrained("mobilefacenet_casia").to(memory_format=torch.channels_last)
    extractor.network.stem[0].norm.num_batches_tracked.fill_(7)
    weights.save(path, extractor, RECORDS["mobilefacenet_casia"], METADATA)
    loaded = weights.load(path)
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    state = loaded.network.state_dict()
    assert state.keys() == extractor.network.state_dict().keys()
    for name, value in extractor.network.state_dict().items():
        assert torch.equal(state[name], value), name
    faces = random_faces(2, 112)
    with torch.inference_mode():
        expected = untrained("mobilefacenet_casia")(faces)
        assert torch.equal(loaded(faces), expected)
    assert weights.read_metadata(path) == {**METADATA, "record": RECORDS["mobilefacenet_casia"]}


def test_saving_again_in_another_process_gives_the_same_bytes(tmp_path):
    script = (
        "import sys; from uncloak.extractors import weights; "
        "e = weights.load(sys.argv[1]); m = weights.read_metadata(sys.argv[1]); r = m.pop('record'); "
        "weights.save(sys.argv[2], e, dict(reversed(r.items())), dict(reversed(m.items())))"
    )
    first, second = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    weights.save(first, untrained("mobilefacenet_casia"), RECORDS["mobilefacenet_casia"], METADATA)
    subprocess.run([sys.executable, "-c", script, first, second], check=True)
    assert first.read_bytes() == second.read_bytes()


def test_an_extractor_without_weights_is_saved_too(tmp_path):
    path = tmp_path / "pixels.safetensors"
    weights.save(path, build(PIXELS), PIXELS, {})
    assert torch.equal(weights.load(path)(random_faces(1, 32)), random_faces(1, 32).reshape(1, -1))


def test_metadata_is_read_without_torch(tmp_path):
    path = tmp_path / "pixels.safetensors"
    weights.save(path, build(PIXELS), PIXELS, METADATA)
    script = (
        "import sys; from uncloak.extractors.weights import read_metadata; "
        "assert read_metadata(sys.argv[1])['clean_error'] == 0.0125; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, path], check=True)


@pytest.mark.parametrize("kept", [0, 5, 100, -1])
def test_a_truncated_file_is_named(tmp_path, kept):
    path = tmp_path / "a.safetensors"
    weights.save(path, untrained("mobilefacenet_casia"), RECORDS["mobilefacenet_casia"], METADATA)
    path.write_bytes(path.read_bytes()[:kept])
    for read in (weights.load, weights.read_metadata):
        with pytest.raises(InputError, match=r"a\.safetensors: truncated .* delete it and run again") as error:
            read(path)
        assert "\n" not in str(error.value)


def test_missing_foreign_and_unfitting_files_are_named(tmp_path):
    from safetensors.numpy import save_file

    path = tmp_path / "a.safetensors"
    with pytest.raises(InputError, match=r"a\.safetensors: no such file"):
        weights.load(path)
    for metadata in (None, {"uncloak": "{}"}, {"uncloak": "[1"}, {"format": "pt"}):
        save_file({"x": np.zeros(2)}, path, metadata=metadata)
        with pytest.raises(InputError, match=r"a\.safetensors: not written by Uncloak"):
            weights.load(path)
    weights.save(path, untrained("mobilefacenet_casia"), RECORDS["mobilefacenet_ms1m"], {})
    with pytest.raises(InputError, match=r"a\.safetensors: its weights do not fit network mobilefacenet_relu6"):
        weights.load(path)
    weights.save(path, build(PIXELS), {**PIXELS, "network": {"name": "gone"}}, {})
    with pytest.raises(InputError, match=r"a\.safetensors: network: unknown name 'gone'"):
        weights.load(path)

"""The scripts of a learned purifier: from public people's faces to a file, and to embeddings of purified faces."""

import json

import numpy as np
import pytest
from cloaked_faces import cloaked, gallery, people, smooth_faces
from scripts_run import run_scripts

from uncloak.store import read_arrays, write_arrays

torch = pytest.importorskip("torch")

from uncloak.defenses import denoiser  # noqa: E402
from uncloak.extractors.embedding import embed  # noqa: E402
from uncloak.extractors.extractor import build  # noqa: E402
from uncloak.extractors.weights import load, read_metadata, save  # noqa: E402

INPUT = {"size": [64, 64], "template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3}
EXTRACTOR = {"network": {"name": "vgg", "width": 4}, "input": INPUT}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the scripts make of a small world, the purifier twice."""
    folder = tmp_path_factory.mktemp("purifier")
    split = people()
    faces, pictures = smooth_faces(len(split), 2), split["picture"].to_numpy(str)
    split.to_csv(folder / "split.csv", index=False)
    write_arrays(folder / "faces.h5", {"faces": faces, "picture": pictures}, {})
    public = np.flatnonzero(split["picture"].isin(gallery(split, "public")))[::2]
    write_arrays(folder / "public.h5", {"faces": cloaked(faces[public], 1), "picture": pictures[public]}, {})
    torch.manual_seed(0)
    save(folder / "extractor.safetensors", build(EXTRACTOR), EXTRACTOR, {})
    jobs = [*(_learning(folder, name) for name in ("one", "two")), _embedding(folder)]
    run_scripts(folder, jobs)
    return folder


def _does(folder, name):
    record = {"dataset": "public", "attacks": ["lowkey"], "features": ["extractor"], "width": 6, "depth": 1}
    given = {"seed": 1, "learned": str(folder / f"{name}.safetensors")}
    return {"method": "denoiser", "options": {**record, **given, "iterations": 20, "batch": 8, "learning_rate": 0.01}}


def _learning(folder, name):
    inputs = {"faces": folder / "faces.h5", "split": folder / "split.csv"}
    return "learn_purifier", {
        "wildcards": {"purifier": "mine"},
        "input": {**inputs, "perturbed": [folder / "public.h5"], "features": [folder / "extractor.safetensors"]},
        "params": {"record": json.dumps(_does(folder, name)), "code": "c"},
        "output": [folder / f"{name}.safetensors"],
    }


def _embedding(folder):
    return "embed", {
        "wildcards": {"dataset": "synthetic", "extractor": "extractor", "posting": "clean~mine"},
        "input": {"faces": folder / "faces.h5", "extractor": folder / "extractor.safetensors"},
        "params": {"treatment": json.dumps(_does(folder, "one")), "code": "c"},
        "output": [folder / "embedded.h5"],
    }


def test_the_same_is_learned_again_and_says_from_whom(folder):
    told = read_metadata(folder / "one.safetensors")
    assert told["source"] == "learned on 4 public identities, 4 of them also perturbed, in 10 faces"
    weights = [denoiser._load(str(folder / f"{name}.safetensors"), 6, 1, "cpu").state_dict() for name in ("one", "two")]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    assert all((weights[0][name] != 0).any() for name in weights[0])
    assert not list(folder.glob("*.checkpoint"))


def test_everybodys_faces_are_purified_before_they_are_embedded(folder):
    faces, pictures = read_arrays(folder / "faces.h5", "faces", "picture")
    purified = denoiser.faces(faces, denoiser.Options(**_does(folder, "one")["options"]))
    assert (purified != faces).any(axis=(1, 2, 3)).all()
    embedding, embedded = read_arrays(folder / "embedded.h5", "embedding", "picture")
    np.testing.assert_array_equal(embedded, pictures)
    np.testing.assert_allclose(embedding, embed(load(folder / "extractor.safetensors"), purified), rtol=1e-4, atol=1e-5)

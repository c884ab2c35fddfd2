"""Embedding of faces: what is posted, and nothing finer; batch by batch, from an array or from a file."""

import h5py
import numpy as np
import pytest
import torch
from faces_read import Read

from uncloak.defenses import blur
from uncloak.defenses.treated import treated
from uncloak.errors import InputError
from uncloak.extractors.embedding import Embedded, embed
from uncloak.extractors.extractor import Extractor, build


def extractor() -> Extractor:
    return build(
        {
            "network": {"name": "pixels"},
            "input": {"size": [16, 16], "template": "arcface", "mean": [0.0] * 3, "std": [1.0] * 3, "color": "rgb"},
        }
    )


def random_faces(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)


def test_only_8_bit_faces_are_embedded():
    faces = random_faces(3)
    assert len(embed(extractor(), faces)) == 3
    with pytest.raises(InputError, match="float32; only 8-bit"):
        embed(extractor(), faces.astype(np.float32))


def test_a_file_is_read_by_batches_and_gives_what_its_faces_give(tmp_path):
    faces = random_faces(150)
    expected = embed(extractor(), faces)
    assert expected.dtype == np.float32
    np.testing.assert_allclose(expected, faces.transpose(0, 3, 1, 2).reshape(150, -1) / 255, atol=1e-6)
    with h5py.File(tmp_path / "faces.h5", "w") as file:
        np.testing.assert_array_equal(embed(extractor(), file.create_dataset("faces", data=faces)), expected)
    read = Read(faces)
    np.testing.assert_array_equal(embed(extractor(), read), expected)
    assert read.sizes == [64, 64, 22]


def test_treated_faces_are_embedded_as_if_all_had_been_treated_before():
    faces = random_faces(150)
    expected = embed(extractor(), blur.faces(faces, blur.Options(2.0)))
    view = treated(faces, {"method": "blur", "options": {"sigma": 2.0}})
    np.testing.assert_array_equal(embed(extractor(), view), expected)
    assert not np.array_equal(expected, embed(extractor(), faces))


def test_the_first_face_whose_embedding_is_not_finite_is_named():
    broken = extractor()
    broken.preprocessing.register_forward_hook(lambda module, faces, result: result / result.amax((1, 2, 3), True))
    faces = random_faces(100)
    faces[[70, 80]] = 0
    with pytest.raises(InputError, match="picture number 70"):
        embed(broken, faces)
    # Also where the slice begins elsewhere.
    with pytest.raises(InputError, match="picture number 70"):
        Embedded(broken, faces)[64:100]


def test_embeddings_are_made_in_slices_and_are_those_of_all_faces():
    faces = random_faces(150)
    made = Embedded(extractor(), faces)
    expected = embed(extractor(), faces)
    assert (made.shape, made.dtype, len(made)) == (expected.shape, np.float32, 150)
    np.testing.assert_array_equal(np.concatenate([made[:64], made[64:150]]), expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device")
def test_a_gpu_that_is_not_waited_for_gives_the_same():
    faces = random_faces(1000)
    np.testing.assert_allclose(embed(extractor(), faces, "cuda"), embed(extractor(), faces), atol=1e-6)

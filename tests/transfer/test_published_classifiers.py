"""Published image classifiers: read by name, attacked, and faulty files refused."""

import hashlib
import importlib

import numpy as np
import pytest
import torch
from small_classifiers import INPUT, noise

from uncloak.attacks.methods.pgd import Options
from uncloak.errors import InputError
from uncloak.extractors.embedding import embed
from uncloak.extractors.importing import import_published
from uncloak.transfer import image_classifier, networks
from uncloak.transfer.attack import perturb
from uncloak.transfer.evaluation import rows


def imported_classifier(path, settings):
    return import_published(path, settings, image_classifier.build, networks)[0]


@pytest.fixture
def published(tmp_path):
    """A small published model of torchvision's: its file, named as there, and its record."""
    torch.manual_seed(0)
    network = importlib.import_module("torchvision.models").get_model("squeezenet1_1", num_classes=10)
    torch.save(network.state_dict(), tmp_path / "raw.pth")
    digits = hashlib.sha256((tmp_path / "raw.pth").read_bytes()).hexdigest()
    path = (tmp_path / "raw.pth").rename(tmp_path / f"squeezenet1_1-{digits[:8]}.pth")
    settings = {
        "network": {"name": "torchvision", "model": "squeezenet1_1"},
        "classes": 10,
        "input": INPUT | {"size": 40},
    }
    return path, settings, network.eval()


def test_published_weights_are_read_and_attacked(published):
    path, settings, network = published
    imported = imported_classifier(path, settings)
    pictures = noise(3, 48)
    scaled = torch.nn.functional.interpolate(
        torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255.0, size=(40, 40), mode="bilinear", antialias=True
    )
    with torch.no_grad():
        expected = network((scaled - 0.5) / 0.25)
    np.testing.assert_allclose(embed(imported, pictures), expected, atol=1e-5)
    labels = expected.argmax(1).numpy()
    names = np.array(["a", "b", "c"])
    posted = perturb(pictures, labels, names, [imported], Options(steps=3), 1)
    said = {"clean": embed(imported, pictures), "transferred": embed(imported, posted)}
    table = rows("squeezenet", said, labels, 1).set_index("condition")
    assert table.loc["clean", "top1"] == 1
    assert table.loc["transferred", "top1"] < 1


def test_timm_models_are_read_with_their_options(tmp_path):
    timm = importlib.import_module("timm")
    torch.manual_seed(0)
    options = {"layers": [1, 1, 1, 1], "channels": [8, 8, 8, 8], "stem_width": 8}
    network = timm.create_model("ecaresnet50t", num_classes=7, **options).eval()
    torch.save(network.state_dict(), tmp_path / "eca.pth")
    digest = hashlib.sha256((tmp_path / "eca.pth").read_bytes()).hexdigest()
    settings = {
        "network": {"name": "timm", "model": "ecaresnet50t", **options},
        "classes": 7,
        "input": INPUT | {"size": 64},
        "weights": {"sha256": digest, "origin": "here"},
    }
    pictures = noise(2, 64)
    with torch.no_grad():
        expected = network((torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255.0 - 0.5) / 0.25)
    imported = imported_classifier(tmp_path / "eca.pth", settings)
    np.testing.assert_allclose(embed(imported, pictures), expected, atol=1e-4)


def test_faulty_weights_are_refused(published, tmp_path):
    path, settings, _ = published
    with pytest.raises(InputError, match=r"gone\.pth: no such file; get it from somewhere"):
        imported_classifier(tmp_path / "gone.pth", settings | {"weights": {"origin": "somewhere"}})
    with pytest.raises(InputError, match=r"expected 0123456789ab\.\.\.; get the file again"):
        imported_classifier(path, settings | {"weights": {"sha256": "0123456789abcdef"}})
    bare = tmp_path / "bare.pth"
    bare.write_bytes(path.read_bytes())
    for short in (None, "0123"):
        with pytest.raises(InputError, match="has no hash to compare with"):
            imported_classifier(bare, settings | {"weights": {"sha256": short}})
    with pytest.raises(InputError, match="does not hold the weights of"):
        imported_classifier(path, settings | {"classes": 11})
    digits = hashlib.sha256(b"nothing").hexdigest()[:8]
    broken = tmp_path / f"broken-{digits}.pth"
    broken.write_bytes(b"nothing")
    with pytest.raises(InputError, match="not a plain file of weights in format 'torch'"):
        imported_classifier(broken, settings)
    renamed = path.rename(tmp_path / "model-00000000.pth")
    with pytest.raises(InputError, match=r"expected 00000000\.\.\."):
        imported_classifier(renamed, settings)


def test_a_file_that_would_run_code_is_refused(tmp_path, published):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"a": Evil()}, tmp_path / "evil.pth")
    digest = hashlib.sha256((tmp_path / "evil.pth").read_bytes()).hexdigest()
    with pytest.raises(InputError, match="not a plain file of weights in format 'torch'"):
        imported_classifier(tmp_path / "evil.pth", published[1] | {"weights": {"sha256": digest}})
    assert not (tmp_path / "ran").exists()

"""An audit measures the distances that the workflow measures for the same people as users."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from uncloak.audit.detecting import Crop
from uncloak.audit.listing import list_folders
from uncloak.audit.measuring import NO_TREATMENT, Embedded
from uncloak.audit.models import embedder
from uncloak.audit.pictures import audit_pictures
from uncloak.audit.treating import embed_treated
from uncloak.pictures.channel import Channel
from uncloak.pictures.faces import align_pictures
from uncloak.pictures.manifest import build_manifest
from uncloak.pictures.scraped import align_scraped
from uncloak.recognition.comparing import compare
from uncloak.recognition.distances import squared_distances
from uncloak.recognition.embeddings import Embeddings
from uncloak.records.datasets import Alignment
from uncloak.records.extractors import AnyExtractor
from uncloak.records.files import catalog
from uncloak.records.reading import read
from uncloak.store import read_arrays

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
LFW, WEIGHTS = SHARED / "data" / "lfw", Path(os.environ.get("UNCLOAK_WEIGHTS", SHARED / "weights"))
PEOPLE, GALLERY, PROBES = ("Andre_Agassi", "Hans_Blix", "Jennifer_Capriati"), 5, 2
EXTRACTORS = {"mobilefacenet_casia": "mobilefacenet_casia.ckpt", "mobilefacenet_ms1m": "mobilefacenet_relu6_ms1m.pt"}

pytestmark = pytest.mark.skipif(
    not (LFW.is_dir() and WEIGHTS.is_dir()), reason="needs the LFW subset and the weights in ../shared"
)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Photographs of three people: gallery, probes, and the gallery's with noise in the place of a cloak."""
    folder = tmp_path_factory.mktemp("photographs")
    random = np.random.default_rng(1)
    for person in PEOPLE:
        for number, path in enumerate(sorted((LFW / person).iterdir())[: GALLERY + PROBES]):
            part = "clean" if number < GALLERY else "later"
            for target in (folder / "all" / person, folder / part / person, folder / "cloaked" / person):
                target.mkdir(parents=True, exist_ok=True)
            content = path.read_bytes()
            (folder / "all" / person / path.name).write_bytes(content)
            (folder / part / person / path.name).write_bytes(content)
            if part == "clean":
                picture = np.asarray(Image.open(path)).astype(int)
                noisy = np.clip(picture + random.integers(-9, 10, picture.shape), 0, 255).astype(np.uint8)
                Image.fromarray(noisy).save(folder / "cloaked" / person / f"{path.stem}_cloaked.png")
    return folder


@pytest.fixture(scope="module")
def workflow(photographs, tmp_path_factory):
    """Clean and posted faces as the workflow's stages make them, and the split."""
    out = tmp_path_factory.mktemp("workflow")
    manifest, _ = build_manifest(photographs / "all", minimum_size=40)
    align_pictures(manifest, photographs / "all", out / "faces.h5", face_size=112)
    faces, pictures, landmarks = read_arrays(out / "faces.h5", "faces", "picture", "landmarks")
    paths = {
        f"{path.parent.name}/{path.stem.removesuffix('_cloaked')}": path.relative_to(photographs / "cloaked")
        for path in (photographs / "cloaked").rglob("*.png")
    }
    table = pd.DataFrame({"picture": list(paths), "path": list(map(str, paths.values()))}).sort_values("picture")
    alignment, crop = Alignment(face_detector="mtcnn"), {"face_size": 112, "margin": 0}
    posted, _ = align_scraped(
        table, photographs / "cloaked", alignment, crop, Channel(()), (pictures, landmarks), scratch=out
    )
    split = pd.DataFrame({"picture": pictures})
    split["identity"] = split["picture"].str.split("/").str[0]
    split["part"] = np.where(split["picture"].isin(table["picture"]), "gallery", "probe")
    return faces, pictures, posted, split.assign(role="user")


@pytest.mark.parametrize("name", EXTRACTORS)
def test_distances_are_those_of_the_workflow(name, photographs, workflow):
    record = catalog(ROOT / "resources/records")["extractors"][name]
    embed = embedder(read(AnyExtractor, record), WEIGHTS / EXTRACTORS[name])
    faces, pictures, posted, split = workflow
    clean = Embeddings(embed(faces), pictures, "clean")
    cloaked = Embeddings(embed(posted["faces"]), posted["picture"], "cloaked")
    compared = compare(clean, {("tool", "png"): cloaked}, split, "euclidean")
    for person in PEOPLE:
        folders = [str(photographs / part / person) for part in ("clean", "cloaked", "later")]
        audited = audit_pictures(
            list_folders(folders[0], {"tool": folders[1]}, folders[2]),
            Crop(face_size=112, margin=0, minimum_face=40),
            {},
            lambda found: embed(found).astype(float),
            None,
            missing="unprotected",
            held_back=0.3,
            seed=1,
        )
        keys = {key: audited.arrays[key] for key in ("folder", "file", "channel")}
        made = embed_treated(audited.arrays["faces"], keys, audited.table, {}, embed)
        embedded = Embedded(*(made[key] for key in ("embedding", "folder", "file", "treatment")))
        table = audited.table.sort_values("file")
        probes = table[table["part"] == "probe"]
        asked = embedded.rows(probes, NO_TREATMENT).astype(float)
        rows = compared.user == person
        assert [f"{person}/{Path(file).stem}" for file in probes["file"]] == compared.probe[rows].tolist()
        for number, part in enumerate(("gallery", "posted")):
            own = table[table["part"] == part]
            assert own["pair"].tolist() == [each.split("/")[1] for each in compared.posted[person]]
            found = squared_distances(asked, embedded.rows(own, NO_TREATMENT).astype(float))
            np.testing.assert_allclose(found, compared.own_squared[rows, number, :GALLERY], rtol=2e-4)

"""Somebody adds a picture to a folder of photographs: whose it is decides which attacks are made again."""

import re
import shutil
from collections import Counter

import pandas as pd
import pytest

pytestmark = pytest.mark.slow

OVERLAY = """
run:
  datasets: [mine]
  extractors: [facenet]
  attacks: [fawkes_v03, lowkey, lowkey_photograph, mixed]
  channels: [jpeg75]
datasets:
  mine:
    label: mine
    source: folder
    root: mine
    layout: folder
    minimum_size: 40
    duplicate_distance: 2
    face_size: 64
    alignment: {face_detector: mtcnn, minimum_face: 40}
    split: {gallery: 0.7, minimum_pictures: 3, too_few: error, roles: {user: 1, detector: 1}, user_minimum_pictures: 4}
    perturb: {detector: {pictures: 1}}
attacks:
  lowkey_photograph:
    label: LowKey, photograph
    released: "2021-01-19"
    method: lowkey
    surrogates: [facenet]
    options: {steps: 1, flip: false, perceptual: dssim, perceptual_weight: 0.05}
    photograph: {warp: exact}
  mixed:
    label: Mixed
    released: "2021-01-19"
    method: mixture
    shares: {fawkes_v03: 0.5, lowkey: 0.5}
"""
POSTED = [
    "fawkes_v03",
    "lowkey",
    "lowkey_photograph",
    "mixed",
    "clean.jpeg75",
    "lowkey.jpeg75",
    "lowkey_photograph.jpeg75",
]
OF_USERS = [f"results/mine/embeddings/facenet/{posting}.h5" for posting in POSTED]
OF_DETECTOR = ["results/mine/perturbed/detector/fawkes_v03/1-of-1.h5"]
OF_ALL = ["results/mine/embeddings/facenet/clean.h5", "results/mine/split.csv"]
# What every added picture is seen by.
SEEN = Counter(manifest=1, align=1, split=1)


@pytest.fixture(scope="module")
def world(finished, tmp_path_factory):
    """The photographs of four people, attacked; how to ask for files and learn which jobs ran; how to add a picture."""
    photographs, data = finished.folder / "results/synthetic/photographs", tmp_path_factory.mktemp("data")
    overlay = data / "mine.yaml"
    overlay.write_text(f"data: {data}\n{OVERLAY}")

    def add(person, name):
        (data / "mine" / person).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photographs / person / f"{name}.jpg", data / "mine" / person / f"{name}.jpg")

    def said(*arguments):
        process = finished.start(*arguments, "--cores", "2", configs=["tests/worlds/tiny.yaml", str(overlay)])
        output = "".join(process.communicate())
        assert process.returncode == 0, output
        return output

    def ran(*targets):
        return Counter(re.findall(r"^Finished jobid: \d+ \(Rule: (\w+)\)$", said(*targets), re.MULTILINE))

    for person in range(3):
        for name in range(4):
            add(f"person_{person:04d}", f"{name:04d}")
    ran(*OF_USERS, *OF_DETECTOR, *OF_ALL)
    split = pd.read_csv(finished.folder / OF_ALL[1])
    return finished, said, ran, add, split.drop_duplicates("identity").set_index("role")["identity"]


def contents(finished):
    folders = (finished.folder / "results/mine" / name for name in ("perturbed", "embeddings"))
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in files if path.name != "clean.h5"}


def test_a_picture_of_somebody_else_reruns_no_attack(world):
    finished, said, ran, add, person = world
    before = contents(finished)
    add(person["other"], "0004")
    # Until it is known whose it is, an attack counts as stale, so that nothing goes ahead with an old one.
    assert "Perturb faces of mine by lowkey" in said("-n", *OF_USERS)
    assert ran(*OF_USERS, *OF_DETECTOR, *OF_ALL) == SEEN + Counter(list_role=2, embed=1)
    assert contents(finished) == before
    assert ran(*OF_USERS, *OF_DETECTOR, *OF_ALL) == Counter()


def test_a_picture_of_a_user_reruns_attacks_in_the_same_run(world):
    _, _, ran, add, person = world
    targets = ["results/mine/embeddings/facenet/lowkey.h5", *OF_DETECTOR]
    add(person["user"], "0004")
    assert ran(*targets) == SEEN + Counter(list_role=2, perturb_at_once=1, embed=1)


def test_a_picture_of_whom_a_detector_learns_from_reruns_what_is_made_for_it(world):
    _, _, ran, add, person = world
    targets = ["results/mine/embeddings/facenet/lowkey.h5", *OF_DETECTOR]
    add(person["detector"], "0004")
    assert ran(*targets) == SEEN + Counter(list_role=2, choose_targets_of_others=1, perturb_others=1)


def test_a_job_that_a_cluster_starts_by_itself_makes_the_same(world):
    finished, said, _, _, _ = world
    path = finished.folder / "results/mine/perturbed/detector/fawkes_v03/1-of-1.h5"
    before = path.read_bytes()
    path.unlink()
    job = "perturb_others:dataset=mine,role=detector,attack=fawkes_v03,scatteritem=1-of-1"
    said("--target-jobs", job, "--allowed-rules", "perturb_others", "--mode", "remote", "--force", "--nolock")
    assert path.read_bytes() == before

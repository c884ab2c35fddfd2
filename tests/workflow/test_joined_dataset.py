"""Somebody's own photographs joined with those of others and of a crowd, through the workflow, to its tables."""

import shutil

import numpy as np
import pandas as pd
import pytest
from close_embeddings import full_matrix

from uncloak.recognition.embeddings import read_embeddings

pytestmark = pytest.mark.slow

OVERLAY = """
run:
  datasets: [mine]
  extractors: [facenet]
  attacks: [lowkey]
  experiments: [protection, ranks]
datasets:
  mine:
    label: me among others
    source: joined
    folders:
      me: {root: photos of me, layout: person}
      friends: {root: friends, layout: facescrub, without: [person_0003]}
      crowd: {root: crowd, layout: folder, role: distractor}
    minimum_size: 40
    duplicate_distance: 2
    face_size: 64
    alignment: {face_detector: mtcnn, minimum_face: 40}
    split:
      users: [me]
      roles: {distractor: 1}
      gallery: 0.7
      minimum_pictures: 3
      too_few: error
      user_minimum_pictures: 4
"""
RESULTS, SPLIT = "results/mine", "results/mine/split.csv"
TABLES = [f"{RESULTS}/tables/{name}.csv" for name in ("protection", "ranks")]
ERRORS = [f"{RESULTS}/experiments/{name}/errors.csv" for name in ("protection", "ranks")]
# Where the drawn people lie, and how many pictures there are of each: fewer than the minimum of some of the crowd.
PEOPLE = {
    "person_0000": ("photos of me", 7),
    "person_0001": ("friends/person_0001/face", 4),
    "person_0002": ("friends/person_0002/face", 4),
    "person_0003": ("friends/person_0003/face", 1),
    "person_0004": ("friends/person_0004/face", 4),
    "person_0005": ("crowd/person_0005", 2),
    "person_0006": ("crowd/person_0006", 1),
    "person_0007": ("crowd/person_0007", 4),
}


class World:
    """A finished checkout, and three folders of drawn people's photographs beside it."""

    def __init__(self, checkout, data):
        self.checkout, self.data = checkout, data
        photographs = checkout.folder / "results/synthetic/photographs"
        for person, (folder, pictures) in PEOPLE.items():
            (data / folder).mkdir(parents=True)
            for number in range(pictures):
                shutil.copyfile(photographs / person / f"{number:04d}.jpg", data / folder / f"{number:04d}.jpg")

    def run(self, *arguments, change=("", "")):
        """Return how a run of the overlay, changed, ended, and what it said."""
        overlay = self.data / "mine.yaml"
        overlay.write_text(f"data: {self.data}\n{OVERLAY.replace(*change)}")
        configs = ["tests/worlds/tiny.yaml", str(overlay)]
        process = self.checkout.start("--cores", "2", *arguments, configs=configs)
        said = "".join(process.communicate())
        return process.returncode, said

    def table(self, name):
        return pd.read_csv(self.checkout.folder / name)

    def told(self, change, anew=False):
        """The one line that tells what is wrong, with the results so far, or from the beginning."""
        if anew:
            shutil.rmtree(self.checkout.folder / RESULTS)
        status, said = self.run(SPLIT, change=change)
        assert status != 0
        lines = {line.strip() for line in said.splitlines() if line.strip().startswith("error: ")}
        assert len(lines) == 1, said
        return lines.pop()


@pytest.fixture(scope="module")
def world(finished, tmp_path_factory):
    world = World(finished, tmp_path_factory.mktemp("data"))
    status, said = world.run(*TABLES)
    assert status == 0, said
    return world


def test_everybody_has_the_role_that_name_folder_or_lot_gives(world):
    manifest = world.table(f"{RESULTS}/manifest.csv").set_index("picture")
    assert manifest.loc["me/0000", "path"] == "me/0000.jpg"
    assert manifest.loc["person_0001/0000", "path"] == "friends/person_0001/face/0000.jpg"
    split = world.table(SPLIT)
    people = split.drop_duplicates("identity").set_index("identity")["role"]
    assert people["me"] == "user"
    assert set(people[["person_0005", "person_0006", "person_0007"]]) == {"distractor"}
    friends = people[["person_0001", "person_0002", "person_0004"]]
    assert sorted(friends) == ["distractor", "other", "other"]
    assert "person_0003" not in people
    parts = split.groupby("identity")["part"].agg(lambda own: (own == "probe").sum())
    assert parts["me"] == 2  # int(0.3 x 7)
    assert set(parts[people[people == "distractor"].index]) == {0}
    assert set(parts[people[people == "other"].index]) == {1}
    assert set(split["part"]) == {"gallery", "probe"}


def test_tables_equal_brute_force(world):
    split = world.table(SPLIT)
    embeddings = f"{RESULTS}/embeddings/facenet"
    clean, posted = (read_embeddings(world.checkout.folder / embeddings / f"{name}.h5") for name in ("clean", "lowkey"))
    gallery = split[split["part"] == "gallery"].sort_values(["identity", "picture"])
    probes = split[(split["part"] == "probe") & (split["role"] == "user")]
    own = (gallery["identity"] == "me").to_numpy()
    expected = {}
    for attack in ("none", "lowkey"):
        faces = clean.rows(gallery["picture"]).astype(np.float64)
        if attack == "lowkey":
            faces[own] = posted.rows(gallery["picture"][own])
        squared = full_matrix(clean.rows(probes["picture"]), faces, "euclidean")
        nearest = gallery["identity"].to_numpy()[squared.argmin(axis=1)]
        expected[attack, "protection", 1] = np.mean(nearest != "me")
        mine = squared[:, own].min(axis=1, keepdims=True)
        others = sorted(set(gallery["identity"]) - {"me"})
        by_person = np.column_stack([squared[:, gallery["identity"] == name].min(axis=1) for name in others])
        for rank in (1, 2, 5):
            expected[attack, "identities", rank] = np.mean((by_person < mine).sum(axis=1) >= rank)
            expected[attack, "pictures", rank] = np.mean((squared[:, ~own] < mine).sum(axis=1) >= rank)
    found = {(row.attack, "protection", 1): row.error for row in world.table(ERRORS[0]).itertuples()}
    found |= {(row.attack, row.among, row.rank): row.error for row in world.table(ERRORS[1]).itertuples()}
    assert {key: found[key] for key in expected} == pytest.approx(expected)
    rates = world.table(TABLES[0]).set_index("attack")["protection_rate"]
    assert rates.to_dict() == pytest.approx({name: expected[name, "protection", 1] for name in ("none", "lowkey")})


def test_nothing_is_left_to_do_until_a_picture_comes(world):
    assert "Nothing to be done" in world.run("-n", *TABLES)[1]
    folder = world.data / "friends/person_0001/face"
    (folder / "0004.jpg").write_bytes((folder / "0000.jpg").read_bytes() + b" ")
    status, said = world.run("-n", *TABLES)
    assert status == 0
    assert "manifest" in said
    (folder / "0004.jpg").unlink()


def test_what_names_nobody_is_told_in_one_line(world):
    line = world.told(("users: [me]", "users: [person_0007]"))
    assert "user 'person_0007' is in a folder of distractors" in line
    status, said = world.run(SPLIT, "--forceall", change=("photos of me", "no photos of me"))
    assert status != 0
    assert "no photos of me: not found; put the dataset 'mine' there" in said
    line = world.told(("users: [me]", "users: [mee]"), anew=True)
    assert "do you mean 'me'?" in line
    assert not (world.checkout.folder / RESULTS / "faces.h5").exists()

"""The scripts of detection: from prepared files to a detector, scores, measures and the figure."""

import json
from pathlib import Path

import pandas as pd
import pytest
from cloaked_faces import FAWKES, cloaked, gallery, people, smooth_faces
from scripts_run import run_scripts

from uncloak.store import read_arrays, write_arrays

torch = pytest.importorskip("torch")

from uncloak.defenses.detection import load, score  # noqa: E402


def prepared_jobs(folder: Path, users_seed: int) -> list:
    """Write all that the scripts read and return their jobs; only the users' faces depend on `users_seed`."""
    folder.mkdir()
    split = people()
    faces = smooth_faces(len(split), 2)
    users = (split["role"] == "user").to_numpy()
    faces[users] = smooth_faces(users.sum(), users_seed)
    split.to_csv(folder / "split.csv", index=False)
    write_arrays(folder / "faces.h5", {"faces": faces, "picture": split["picture"].to_numpy(str)}, {"recipe": "r"})
    files = {}
    for role in ("detector", "user"):
        rows = split.index[split["picture"].isin(gallery(split, role))].to_numpy()
        for number, attack in enumerate([*FAWKES, "lowkey"]):
            for shard in (0, 1):
                part = rows[shard::2]
                path = folder / f"{role}.{attack}.{shard}.h5"
                pictures = split["picture"].to_numpy(str)[part]
                write_arrays(path, {"faces": cloaked(faces[part], number), "picture": pictures}, {})
                files.setdefault(role, []).append((attack, path))
    options = {"weights": "scratch", "input": "residual", "width": 0.1, "epochs": 1, "batch": 32}
    record = {**options, "learning_rate": 0.02, "identities": {"train": 7, "test": 4}}
    learned = {"fawkes": FAWKES, "lowkey": ["lowkey"]}
    jobs = [
        (
            "train_detector",
            {
                "wildcards": {"dataset": "synthetic", "detector": name},
                "input": {
                    **{"faces": folder / "faces.h5", "split": folder / "split.csv"},
                    **{"perturbed": [path for _, path in files["detector"]]},
                    **{"posted": [path for _, path in files["user"]]},
                },
                "config": {},
                "params": {
                    "brought": "",
                    "record": json.dumps({**record, "attacks": attacks, "precision": "float32"}),
                    "perturbed": json.dumps([attack for attack, _ in files["detector"]]),
                    "posted": json.dumps([attack for attack, _ in files["user"]]),
                    **{"code": "c", "seed": 1},
                },
                "output": {"detector": folder / f"{name}.safetensors", "scores": folder / f"{name}.csv"},
            },
        )
        for name, attacks in learned.items()
    ]
    (folder / "vega.js").write_text("function vegaEmbed() {}")
    named = {"experiment": "detection", "method": "detection", "dataset": "synthetic", "seed": 1}
    named["options"] = {"detectors": list(learned), "threshold": 0.5}
    named |= {"marked": {}, "models": [], "saw_people": []}
    words = {
        **{"dataset_label": "drawn", "title": "Detection", "paper": "Table 2"},
        "attacks": {attack: attack.title() for attack in [*FAWKES, "lowkey"]},
        "detectors": {name: f"trained on {name}" for name in learned},
    }
    scores = [folder / f"{name}.csv" for name in learned]
    told = {"recognizers": [], "attacks": [*FAWKES, "lowkey"], "learned": list(learned.values())}
    measure = {
        **{"input": {"scores": scores}, "output": [folder / "errors.csv"]},
        "params": {"told": json.dumps({**named, **told})},
    }
    average = {
        **{"input": {"errors": [folder / "errors.csv"]}, "output": [folder / "detection.csv"]},
        "params": {"told": json.dumps(named)},
    }
    draw = {
        "input": {"scores": scores, "table": [folder / "detection.csv"], "vega": folder / "vega.js"},
        "params": {"told": json.dumps({**named, **words})},
        "output": {kind: folder / f"roc.{kind}" for kind in ("html", "svg", "png", "csv")},
    }
    return [*jobs, ("measure", measure), ("average", average), ("draw", draw)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> list[Path]:
    """A run, and the training of its first detector again where the users' pictures are other ones."""
    folder = tmp_path_factory.mktemp("runs")
    whole, again = (prepared_jobs(folder / str(users_seed), users_seed) for users_seed in (3, 4))
    run_scripts(folder, [*whole, *again[:1]])
    return [folder / "3", folder / "4"]


def test_users_pictures_change_neither_a_detector_nor_the_scores_of_others(runs):
    assert (runs[0] / "fawkes.safetensors").read_bytes() == (runs[1] / "fawkes.safetensors").read_bytes()
    tables = [pd.read_csv(run / "fawkes.csv") for run in runs]
    others = [table[table["role"] != "user"].reset_index(drop=True) for table in tables]
    pd.testing.assert_frame_equal(*others)
    users = [table.loc[table["role"] == "user", "score"] for table in tables]
    assert (users[0] != users[1]).any()


def test_the_scripts_write_scores_measures_and_the_figure(runs):
    scores = pd.read_csv(runs[0] / "fawkes.csv")
    columns = ["dataset", "detector", "picture", "identity", "role", "part", "posting", "score"]
    assert scores.columns.tolist() == columns
    split = people()
    assert scores["score"].between(0, 1).all()
    assert set(scores.loc[(scores["posting"] == "clean"), "picture"]) == set(
        split.loc[split["part"] == "gallery", "picture"]
    )
    assert (runs[0] / "detection.csv").read_bytes() == (runs[0] / "errors.csv").read_bytes()
    table = pd.read_csv(runs[0] / "detection.csv")
    assert table["attack"].tolist() == [*FAWKES, "lowkey"] * 2
    assert table["n_identities"].eq(4).all()
    for kind in ("html", "svg", "png"):
        assert (runs[0] / f"roc.{kind}").stat().st_size > 1000
    assert set(pd.read_csv(runs[0] / "roc.csv")["detector"]) == {"fawkes", "lowkey"}


def test_scores_stand_with_their_pictures(runs):
    """Against the detector's file applied to single faces, one by one."""
    detector = load(runs[0] / "lowkey.safetensors")
    scores = pd.read_csv(runs[0] / "lowkey.csv")
    faces = {"clean": dict(zip(*read_arrays(runs[0] / "faces.h5", "picture", "faces"), strict=True))}
    for role in ("detector", "user"):
        for attack in ("lowkey", "fawkes_mid"):
            for shard in (0, 1):
                pictures, own = read_arrays(runs[0] / f"{role}.{attack}.{shard}.h5", "picture", "faces")
                faces.setdefault(attack, {}).update(zip(pictures, own, strict=True))
    chosen = scores[scores["posting"].isin(list(faces))].sample(40, random_state=0)
    for row in chosen.itertuples():
        assert score(detector, faces[row.posting][row.picture][None])[0] == pytest.approx(row.score, abs=1e-4)

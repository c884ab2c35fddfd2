"""The detector of perturbed faces: whom it sees, how it learns, and how it is measured."""

import hashlib
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage
from sklearn import metrics as sklearn_metrics

from uncloak.defenses.detection_metrics import COLUMNS, detection_metrics, roc_curves
from uncloak.defenses.detection_pictures import divide, to_learn_from, to_score
from uncloak.errors import InputError
from uncloak.store import read_arrays, write_arrays

torch = pytest.importorskip("torch")

from torchvision.models import mobilenet_v2  # noqa: E402

from uncloak.defenses import detection  # noqa: E402
from uncloak.defenses.detection import Detector, Options, build, load, residual, save, score, train  # noqa: E402

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow" / "scripts"
SMALL = {"weights": "scratch", "input": "residual", "width": 0.1}
QUICK = Options(**SMALL, epochs=12, batch=8, learning_rate=0.02, schedule="one_cycle")
FAWKES = ["fawkes_low", "fawkes_mid", "fawkes_high"]
SIDE = 32


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def smooth_faces(count: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).random((count, SIDE, SIDE, 3))
    smooth = ndimage.gaussian_filter(noise, (0, 4, 4, 0))
    return np.uint8(60 + 120 * (smooth - smooth.min()) / np.ptp(smooth))


def cloaked(faces: np.ndarray, seed: int) -> np.ndarray:
    return np.uint8(faces + np.random.default_rng(seed).integers(-20, 21, faces.shape))


def trained(seed: int = 1) -> Detector:
    clean = smooth_faces(40, 0)
    return train(build(QUICK, seed, "d"), clean, cloaked(clean, 1), QUICK, seed, "d")


@pytest.fixture(scope="module")
def detector() -> Detector:
    return trained()


def weights_of(module: torch.nn.Module) -> bytes:
    return b"".join(value.numpy().tobytes() for value in module.state_dict().values())


# whom it sees


def people(seed: int = 0, pictures: int = 7) -> pd.DataFrame:
    roles = np.repeat(["user", "public", "detector", "other", "background"], [3, 4, 12, 5, 4])
    rows = []
    for number, role in enumerate(np.random.default_rng(seed).permutation(roles)):
        for stem in range(pictures):
            part = "none" if role == "background" else "probe" if stem < 2 else "gallery"
            rows.append((f"p{number:02}/{stem}", f"p{number:02}", part, role))
    return pd.DataFrame(rows, columns=["picture", "identity", "part", "role"])


def gallery(split: pd.DataFrame, role: str) -> list[str]:
    return split.loc[(split["role"] == role) & (split["part"] == "gallery"), "picture"].tolist()


@pytest.mark.parametrize("seed", range(5))
def test_training_and_test_people_are_detector_people_apart(seed):
    split = people(seed)
    divided = divide(split, {"train": 7, "test": 4}, seed)
    by_part = [{name for name, part in divided.items() if part == wanted} for wanted in ("train", "test")]
    assert [len(names) for names in by_part] == [7, 4]
    assert not by_part[0] & by_part[1]
    assert set(divided) <= set(split.loc[split["role"] == "detector", "identity"])
    shuffled = split.sample(frac=1, random_state=seed)
    assert divide(shuffled, {"train": 7, "test": 4}, seed) == divided
    assert divide(split, {"train": 5, "test": 0}, seed).items() <= divided.items()


def test_the_seed_draws_the_people():
    split = people()
    assert len({str(sorted(divide(split, {"train": 6, "test": 6}, seed).items())) for seed in range(5)}) > 1


@pytest.mark.parametrize("seed", range(5))
def test_it_learns_from_training_people_alone_divided_equally_among_attacks(seed):
    split = people(seed, pictures=8)
    divided = divide(split, {"train": 6, "test": 4}, seed)
    everybody = split["picture"].tolist()  # also of people and parts that it must not see
    lessons = to_learn_from(dict.fromkeys([*FAWKES, "lowkey"], everybody), divided, FAWKES, seed)
    owners = lessons["picture"].str.split("/").str[0]
    assert {divided[name] for name in owners} == {"train"}
    assert owners.nunique() == 6
    counts = pd.crosstab(owners, lessons["attack"])
    assert sorted(counts.columns) == sorted(FAWKES)
    assert (counts.max(axis=1) - counts.min(axis=1)).max() <= 1
    assert (counts.sum(axis=1) == 8).all()
    single = to_learn_from({"lowkey": everybody[::-1]}, divided, ["lowkey"], seed)
    assert single["picture"].tolist() == lessons["picture"].tolist()
    assert set(single["attack"]) == {"lowkey"}


def test_it_scores_every_gallery_face_and_what_attacks_made():
    split = people()
    divided = divide(split, {"train": 6, "test": 4}, 1)
    own = gallery(split, "detector")
    chosen = [picture for picture in own if picture[-1] in "23"]
    posted = gallery(split, "user")
    table = to_score(split, divided, {"low": chosen, "lowkey": chosen}, {"lowkey": posted, "other": posted})
    assert not table.duplicated(["picture", "source"]).any()
    clean = table[table["source"] == "clean"]
    assert clean["picture"].tolist() == sorted(split.loc[split["part"] == "gallery", "picture"])
    mine = [picture for picture in chosen if picture.split("/")[0] in divided]
    for source, wanted in {"low": mine, "lowkey": mine + posted, "other": posted}.items():
        assert table.loc[table["source"] == source, "picture"].tolist() == sorted(wanted)
    for row in table.itertuples():
        assert row.identity == row.picture.split("/")[0]
        assert row.part == (divided[row.identity] if row.picture in mine else "gallery")
    assert set(table.loc[table["part"] != "gallery", "role"]) == {"detector"}
    assert set(table.loc[table["part"] == "gallery", "role"]) == {"user", "public", "detector", "other"}


def test_too_few_people_or_pictures_are_told():
    split = people()
    with pytest.raises(InputError, match="13 identities are wanted for training and test, but 12 have role 'detector'"):
        divide(split, {"train": 8, "test": 5}, 1)
    divided = divide(split, {"train": 6, "test": 4}, 1)
    pictures = gallery(split, "detector")
    with pytest.raises(InputError, match="lowkey perturbed no picture of a training identity; perturb some"):
        to_learn_from({"lowkey": gallery(split, "user")}, divided, ["lowkey"], 1)
    absent = next(picture for picture in pictures if divided.get(picture.split("/")[0]) == "train")
    fewer = [picture for picture in pictures if picture != absent]
    with pytest.raises(InputError, match=f"b did not perturb picture '{absent}'; perturb the same by all attacks"):
        to_learn_from({"a": pictures, "b": fewer}, divided, ["a", "b"], 1)


# how it learns


def test_the_residual_is_what_a_gaussian_blur_takes_away():
    faces = np.random.default_rng(0).random((2, 3, 17, 12))
    blurred = ndimage.gaussian_filter(faces, (0, 0, 1, 1), mode="mirror", radius=(0, 0, 3, 3))
    np.testing.assert_allclose(residual(torch.from_numpy(faces)).numpy(), 8 * (faces - blurred), atol=1e-12)


def test_the_rgb_input_is_normalized_as_imagenet_and_resized():
    faces = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    detector = build(Options(weights="scratch", size=48, width=0.1), 1, "d").eval()
    seen = []
    detector.network.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        detector(faces)
        detector(torch.full((1, 3, SIDE, SIDE), 0.5))
    assert seen[0].shape == (2, 3, 48, 48)
    expected = (0.5 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(seen[1].amin((0, 2, 3)), expected, rtol=1e-4)
    np.testing.assert_allclose(seen[1].amax((0, 2, 3)), expected, rtol=1e-4)


def test_it_learns_to_tell_new_faces_apart(detector):
    clean = smooth_faces(30, 7)
    changed = cloaked(clean, 8)
    assert (score(detector, clean) < 0.5).mean() >= 0.9
    assert (score(detector, changed) >= 0.5).mean() >= 0.9


def test_training_repeats_exactly_and_follows_its_seed(detector):
    assert weights_of(trained()) == weights_of(detector)
    assert weights_of(build(QUICK, 1, "d")) != weights_of(build(QUICK, 2, "d"))
    assert weights_of(build(QUICK, 1, "d")) != weights_of(build(QUICK, 1, "e"))


def test_the_paper_schedule_keeps_the_learning_rate():
    """One epoch of one batch moves every weight by Adam's first step, the learning rate."""
    options = Options(**SMALL, epochs=1, batch=64, learning_rate=1e-3)
    clean = smooth_faces(8, 0)
    detector = build(options, 1, "d")
    before = detector.network.classifier[1].bias.item()
    after = train(detector, clean, cloaked(clean, 1), options, 1, "d").network.classifier[1].bias.item()
    # The gradient of a bias is the mean error; it vanishes only by chance.
    assert abs(after - before) == pytest.approx(1e-3, rel=1e-2)


def test_every_face_is_seen_once_an_epoch_half_of_them_mirrored():
    clean = smooth_faces(30, 0)
    changed = cloaked(clean, 1)
    options = Options(**SMALL, epochs=1, batch=16)
    detector = build(options, 1, "d")
    seen = []
    detector.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].permute(0, 2, 3, 1).numpy()))
    train(detector, clean, changed, options, 1, "d")
    assert [len(batch) for batch in seen] == [15] * 4
    shown = np.uint8(np.round(255 * np.concatenate(seen)))
    faces = np.concatenate([clean, changed])
    plain, mirrored = (
        (shown[:, None] == each).all(axis=(2, 3, 4)) for each in (faces, np.ascontiguousarray(faces[:, :, ::-1]))
    )
    assert ((plain | mirrored).sum(axis=0) == 1).all()
    assert 15 < mirrored.sum() < 45


def test_training_does_not_change_the_faces_it_is_given():
    clean = smooth_faces(8, 0)
    changed = cloaked(clean, 1)
    copies = clean.copy(), changed.copy()
    options = Options(**SMALL, epochs=1)
    train(build(options, 1, "d"), clean, changed, options, 1, "d")
    assert np.array_equal(clean, copies[0])
    assert np.array_equal(changed, copies[1])


def test_scores_do_not_depend_on_order_or_company(detector):
    faces = np.concatenate([smooth_faces(40, 3), cloaked(smooth_faces(40, 3), 4)])
    whole = score(detector, faces)
    assert whole.dtype == np.float64
    assert ((whole >= 0) & (whole <= 1)).all()
    order = np.random.default_rng(0).permutation(len(faces))
    np.testing.assert_allclose(score(detector, faces[order]), whole[order], atol=1e-5)
    np.testing.assert_allclose(score(detector, faces[3:5]), whole[3:5], atol=1e-5)
    assert score(detector, faces[:0]).shape == (0,)


def test_a_detector_is_rebuilt_from_its_file(detector, tmp_path):
    save(tmp_path / "a.safetensors", detector, QUICK, {"seed": "1"})
    save(tmp_path / "b.safetensors", detector, QUICK, {"seed": "1"})
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    faces = smooth_faces(5, 9)
    assert np.array_equal(score(load(tmp_path / "a.safetensors"), faces), score(detector, faces))


def test_a_file_of_something_else_is_refused(detector, tmp_path):
    path = tmp_path / "extractor.safetensors"
    detection.weights.save(path, detector, {"network": {"name": "iresnet"}, "input": {}}, {})
    with pytest.raises(InputError, match="holds no detector but network iresnet; give a detector's file"):
        load(path)
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "absent.safetensors")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "vgg"}, "weights is 'vgg'; it must be one of imagenet, scratch"),
        ({"input": "gray"}, "input is 'gray'; it must be one of rgb, residual"),
        ({"schedule": "step"}, "schedule is 'step'; it must be one of constant, one_cycle"),
        ({"width": 0.5}, "ImageNet weights have width 1, not 0.5; train from scratch instead"),
    ],
)
def test_wrong_options_are_told(options, message):
    with pytest.raises(InputError, match=message):
        Options(**options)


def test_faces_that_cannot_teach_are_told():
    faces = smooth_faces(4, 0)
    with pytest.raises(InputError, match="detector 'd': needs clean and perturbed faces to learn from"):
        train(build(QUICK, 1, "d"), faces, faces[:0], QUICK, 1, "d")
    with pytest.raises(InputError, match="clean faces are 32 pixels, perturbed ones 16, and it would learn the size"):
        train(build(QUICK, 1, "d"), faces, faces[:, :16, :16], QUICK, 1, "d")
    wild = Options(**SMALL, epochs=4, batch=8, learning_rate=1e30)
    with pytest.raises(InputError, match="detector 'd': training diverged; lower its learning rate"):
        train(build(wild, 1, "d"), faces, cloaked(faces, 1), wild, 1, "d")


class _Harmful:
    def __reduce__(self):
        return (Path.touch, (Path("harm-done"),))


def test_imagenet_weights_are_checked_and_read_as_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = Options(size=64)
    with pytest.raises(InputError, match=r"^ImageNet weights: no such file; get MobileNetV2's weights from https://"):
        build(options, 1, "d")
    torch.manual_seed(3)
    published = mobilenet_v2()
    path = tmp_path / "published.pth"
    torch.save(published.state_dict(), path)
    with pytest.raises(InputError, match=r"has sha256 [0-9a-f]{12}\.\.\., expected b0353104"):
        build(options, 1, "d", path)

    def promise(file: Path) -> None:
        monkeypatch.setattr(detection, "_HASH", hashlib.sha256(file.read_bytes()).hexdigest()[:8])

    promise(path)
    detector = build(options, 1, "d", path)
    assert weights_of(detector.network.features) == weights_of(published.features)
    assert detector.network.classifier[1].out_features == 1
    other = tmp_path / "other.pth"
    torch.save({"a": torch.zeros(1)}, other)
    promise(other)
    with pytest.raises(InputError, match="not MobileNetV2's weights"):
        build(options, 1, "d", other)
    other.write_bytes(pickle.dumps(_Harmful(), protocol=2))
    promise(other)
    with pytest.raises(InputError, match="not a plain file of weights in format 'torch'"):
        build(options, 1, "d", other)
    assert not (tmp_path / "harm-done").exists()


# how it is measured


def random_scores(seed: int, identities: int = 6, pictures: int = 5) -> pd.DataFrame:
    """Scores of two attacks with many ties, and rows of other parts that must not count."""
    random = np.random.default_rng(seed)
    rows = []
    for part in ("train", "test", "gallery"):
        for number in range(identities):
            for stem in range(random.integers(1, pictures + 1)):
                for source, lift in (("clean", 0.0), ("weak", 0.1), ("strong", 0.3)):
                    value = np.round(np.clip(random.random() * 0.7 + lift, 0, 1), 1)
                    rows.append((f"{part}{number}/{stem}", f"{part}{number}", part, source, value))
    table = pd.DataFrame(rows, columns=["picture", "identity", "part", "source", "score"])
    return table.assign(dataset="d", detector="one")


def truth(table: pd.DataFrame, attack: str) -> tuple[np.ndarray, np.ndarray]:
    own = table[(table["part"] == "test") & table["source"].isin(["clean", attack])]
    return (own["source"] == attack).to_numpy(), own["score"].to_numpy()


@pytest.mark.parametrize("seed", range(6))
def test_the_measures_are_those_of_scikit_learn(seed):
    scores = random_scores(seed)
    table = detection_metrics(scores, ["strong"], ["weak", "strong"], 0.5, 1)
    assert table.columns.tolist() == list(COLUMNS)
    for row in table.itertuples():
        real, value = truth(scores, row.attack)
        found = value >= 0.5
        assert row.accuracy == pytest.approx(sklearn_metrics.accuracy_score(real, found))
        assert row.precision == pytest.approx(sklearn_metrics.precision_score(real, found))
        assert row.recall == pytest.approx(sklearn_metrics.recall_score(real, found))
        assert row.auc == pytest.approx(sklearn_metrics.roc_auc_score(real, value))
        assert (row.dataset, row.detector, row.trained_on, row.n_identities) == ("d", "one", "strong", 6)
        assert row.n_pictures == len(real)


@pytest.mark.parametrize("seed", range(3))
def test_the_curves_are_those_of_scikit_learn(seed):
    scores = random_scores(seed)
    curves = roc_curves(scores, ["weak", "strong"])
    for attack, own in curves.groupby("attack"):
        false, true, thresholds = sklearn_metrics.roc_curve(*truth(scores, attack), drop_intermediate=False)
        np.testing.assert_allclose(own["false_positive_rate"], false)
        np.testing.assert_allclose(own["true_positive_rate"], true)
        np.testing.assert_allclose(own["threshold"], thresholds)


def test_intervals_draw_people_with_all_their_pictures():
    """Against identities drawn one by one and their pictures put together."""
    scores = random_scores(4, identities=8)
    row = detection_metrics(scores, [], ["weak"], 0.5, 1).iloc[0]
    test = scores[scores["part"] == "test"]
    pictures = {name: truth(own, "weak") for name, own in test.groupby("identity")}
    random = np.random.default_rng(0)
    draws = []
    for _ in range(1000):
        drawn = [pictures[name] for name in random.choice(sorted(pictures), len(pictures))]
        real, value = (np.concatenate(each) for each in zip(*drawn, strict=True))
        found = value >= 0.5
        high, low = value[real], value[~real]
        area = np.mean([np.mean(one > low) + np.mean(one == low) / 2 for one in high])
        draws.append([np.mean(found == real), np.mean(real[found]), np.mean(found[real]), area])
    expected = np.percentile(draws, [2.5, 97.5], axis=0)
    names = ["accuracy", "precision", "recall", "auc"]
    np.testing.assert_allclose(row[[f"{name}_low" for name in names]].astype(float), expected[0], atol=0.03)
    np.testing.assert_allclose(row[[f"{name}_high" for name in names]].astype(float), expected[1], atol=0.03)


def test_measures_depend_on_the_attack_and_the_test_people_alone():
    scores = random_scores(5)
    table = detection_metrics(scores, ["strong"], ["weak", "strong"], 0.5, 1)
    pd.testing.assert_frame_equal(
        detection_metrics(scores.sample(frac=1, random_state=0), ["strong"], ["weak", "strong"], 0.5, 1), table
    )
    alone = scores[(scores["part"] == "test") & (scores["source"] != "weak")]
    pd.testing.assert_frame_equal(
        detection_metrics(alone, ["strong"], ["strong"], 0.5, 1), table.iloc[1:].reset_index(drop=True)
    )


def test_a_detector_that_flags_nothing_and_a_single_person():
    scores = random_scores(0)
    nothing = detection_metrics(scores.assign(score=0.0), [], ["weak"], 0.5, 1).iloc[0]
    assert (nothing["accuracy"], nothing["precision"], nothing["recall"], nothing["auc"]) == (0.5, 0, 0, 0.5)
    single = detection_metrics(scores[scores["identity"] == "test0"], [], ["weak"], 0.5, 1).iloc[0]
    assert single["accuracy_low"] == single["accuracy"] == single["accuracy_high"]


def test_faulty_scores_are_told():
    scores = random_scores(0)
    with pytest.raises(InputError, match="detector scores: have no column 'part'"):
        detection_metrics(scores.drop(columns="part"), [], ["weak"], 0.5, 1)
    with pytest.raises(InputError, match="have no test pictures of attack 'other'; perturb and score some"):
        detection_metrics(scores, [], ["other"], 0.5, 1)
    torn = scores[~((scores["source"] == "clean") & (scores["picture"] == "test0/0"))]
    with pytest.raises(InputError, match="test pictures of attack 'weak' are not the same clean and perturbed"):
        roc_curves(torn, ["weak"])
    two = pd.concat([scores, scores.assign(detector="two", part="gallery")])
    with pytest.raises(InputError, match=r"several values of 'detector' \(one, two\); give them one by one"):
        detection_metrics(two, [], ["weak"], 0.5, 1)


def test_measuring_and_drawing_need_no_torch():
    code = "import sys, uncloak.defenses.detection_metrics, uncloak.figures.roc; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# the scripts

_DRIVER = """
import json, runpy, sys
from types import SimpleNamespace

class Files(list):
    def __init__(self, files):
        named = files if isinstance(files, dict) else {}
        super().__init__([] if named else files)
        vars(self).update(named)

    def get(self, name, default=None):
        return vars(self).get(name, default)

for script, job in json.load(sys.stdin):
    job = {name: Files(v) if name in ("input", "output") else SimpleNamespace(**v) if isinstance(v, dict) else v
           for name, v in job.items()}
    runpy.run_path(script, init_globals={"snakemake": SimpleNamespace(threads=1, **job)})
"""


def run_scripts(folder: Path, jobs: list) -> None:
    text = json.dumps(
        [[str(SCRIPTS / f"{script}.py"), {"log": [str(folder / "log")], **job}] for script, job in jobs], default=str
    )
    done = subprocess.run([sys.executable, "-c", _DRIVER], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


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
                "params": {
                    "spec": json.dumps({**record, "attacks": attacks}),
                    "perturbed": json.dumps([attack for attack, _ in files["detector"]]),
                    "posted": json.dumps([attack for attack, _ in files["user"]]),
                    **{"code": "c", "seed": 1},
                },
                "output": {"detector": folder / f"{name}.safetensors", "scores": folder / f"{name}.csv"},
            },
        )
        for name, attacks in learned.items()
    ]
    draw = {
        "input": [folder / f"{name}.csv" for name in learned],
        "params": {
            "detectors": json.dumps({n: {"label": f"trained on {n}", "attacks": a} for n, a in learned.items()}),
            "attacks": json.dumps({attack: attack.title() for attack in [*FAWKES, "lowkey"]}),
            **{"threshold": 0.5, "dataset": "drawn", "seed": 1, "title": "Detection", "paper": "Table 2"},
        },
        "output": {
            **{kind: folder / f"roc.{kind}" for kind in ("html", "svg", "png", "csv")},
            "table": folder / "detection.csv",
        },
    }
    return [*jobs, ("draw_detection", draw)]


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
    columns = ["dataset", "detector", "picture", "identity", "role", "part", "source", "score"]
    assert scores.columns.tolist() == columns
    split = people()
    assert scores["score"].between(0, 1).all()
    assert set(scores.loc[(scores["source"] == "clean"), "picture"]) == set(
        split.loc[split["part"] == "gallery", "picture"]
    )
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
    chosen = scores[scores["source"].isin(list(faces))].sample(40, random_state=0)
    for row in chosen.itertuples():
        assert score(detector, faces[row.source][row.picture][None])[0] == pytest.approx(row.score, abs=1e-4)

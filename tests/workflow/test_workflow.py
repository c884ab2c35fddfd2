"""The workflow as a whole, on a small world: what reruns after an edit, and what a person sees when all is not well."""

import json
import os
import shutil
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest
from conftest import Checkout
from edited import edited

pytestmark = pytest.mark.slow

# Besides raw pixels, the floor, which see no attack.
EXTRACTORS = ["facenet", "clip"]
RESULTS = "results/synthetic"


def figure(name):
    """The files of a figure."""
    return {f"{RESULTS}/figures/{name}.{kind}" for kind in ("html", "svg", "png", "csv")}


def table(name):
    return {f"{RESULTS}/tables/{name}.csv"}


def measured(*names):
    """Everything of these experiments."""
    return {
        path
        for name in names
        for path in (f"{RESULTS}/experiments/{name}/errors.csv", *table(name), *(figure(name) - figure("protection")))
    }


# The attacks of these experiments, and the extractors, differ (tests/worlds/tiny.yaml, resources/records); the table of
# ranks holds every attack, also those that its figure leaves out.
SHOWN = {
    "lowkey": ("lowkey_by_extractor", "ranks", "defenses", "visibility"),
    "fawkes_v10": ("fawkes_by_extractor", "ranks", "visibility"),
    "fawkes_v03": ("fawkes_by_extractor", "ranks", "visibility"),
}
TREATED = {"lowkey": ("~jpeg_50", "~half_size")}


def of_attack(name):
    """Everything that descends from one attack."""
    return {
        f"{RESULTS}/perturbed/{name}.h5",
        *(f"{RESULTS}/embeddings/{extractor}/{name}.h5" for extractor in EXTRACTORS),
        *(f"{RESULTS}/embeddings/facenet/{name}{treated}.h5" for treated in TREATED.get(name, ())),
        *figure("contact_sheet"),
        *measured("protection", *SHOWN[name]),
    }


def library(checkout, name):
    return checkout.folder / "workflow" / "uncloak" / name


def test_a_finished_run_has_nothing_to_do(finished):
    done = finished.snakemake("--cores", "1")
    assert done.returncode == 0
    assert "Nothing to be done" in done.stdout + done.stderr


def test_touching_cloning_and_moving_rerun_nothing(finished, tmp_path):
    moved = Checkout(tmp_path / "elsewhere" / "uncloak")
    # A plain copy: every file gets the time of its copying, in no particular order.
    shutil.copytree(finished.folder, moved.folder, copy_function=shutil.copyfile)
    paths = sorted(moved.folder.rglob("*"), reverse=True)
    for number, path in enumerate(paths):
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    assert moved.stale() == set()


def test_an_edit_of_an_attack_restales_exactly_its_descendants(finished):
    with edited(library(finished, "attacks/terms/blur.py"), "_SIGMA = 3.0", "_SIGMA = 3.5"):
        assert finished.stale() == of_attack("lowkey")
    with edited(library(finished, "attacks/methods/fawkes_v10.py"), "_RHO", "_RHO_"):
        assert finished.stale() == of_attack("fawkes_v10")
    with edited(library(finished, "attacks/targets.py"), '"candidate targets"', '"targets"'):
        assert finished.stale() == {f"{RESULTS}/perturbed/targets/fawkes_v03.csv"} | of_attack("fawkes_v03")


def test_an_edit_of_an_attacks_record_restales_exactly_its_descendants(finished):
    with edited(finished.folder / "tests/worlds/tiny.yaml", "options: {steps: 3}", "options: {steps: 4}"):
        assert finished.stale() == of_attack("lowkey")


def test_an_edit_of_what_the_attacks_share_restales_them_all_and_no_training(finished):
    with edited(library(finished, "attacks/terms/dssim.py"), "_SIGMA = 1.5", "_SIGMA = 1.6"):
        assert finished.stale() == of_attack("lowkey") | of_attack("fawkes_v10") | of_attack("fawkes_v03")


def of_clip():
    """Everything that descends from the interpolated extractor, itself first."""
    return {
        "results/extractors/clip.safetensors",
        *(f"{RESULTS}/embeddings/clip/{posting}.h5" for posting in ("clean", "lowkey", "fawkes_v03", "fawkes_v10")),
        f"{RESULTS}/recognition/clip/comparisons.h5",
        *measured("protection", "lowkey_by_extractor", "fawkes_by_extractor", "ranks"),
        *figure("visibility"),
    }


def test_an_edit_of_a_network_restales_its_extractor(finished):
    with edited(library(finished, "extractors/networks/vit.py"), "mlp_ratio=3.0", "mlp_ratio=2.0"):
        ends = {f"results/extractors/clip_{end}.safetensors" for end in ("pretrained", "tuned")}
        assert finished.stale() == ends | of_clip()


def test_another_alpha_restales_what_lies_there_and_neither_end(finished):
    with edited(finished.folder / "resources/records/extractors.yaml", "alpha: 0.6", "alpha: 0.7"):
        assert finished.stale() == of_clip()


def of_treatment(name):
    """Everything that descends from a defense that treats faces."""
    return {
        *(f"{RESULTS}/embeddings/facenet/{posting}~{name}.h5" for posting in ("clean", "lowkey")),
        f"{RESULTS}/recognition/facenet~{name}/comparisons.h5",
        *measured("defenses"),
    }


def test_an_edit_of_a_defense_restales_exactly_its_descendants(finished):
    records = finished.folder / "resources" / "records" / "defenses.yaml"
    with edited(library(finished, "defenses/resize.py"), "Resize(options.factor)", "Resize(1.0 * options.factor)"):
        assert finished.stale() == of_treatment("half_size")
    with edited(records, "quality: 50", "quality: 51"):
        assert finished.stale() == of_treatment("jpeg_50")
    # Whether probes are treated, too, is asked when they are compared.
    with edited(finished.folder / "tests/worlds/tiny.yaml", "half_size: {probes: true}", "half_size: {probes: false}"):
        assert finished.stale() == of_treatment("half_size") - {
            f"{RESULTS}/embeddings/facenet/{posting}~half_size.h5" for posting in ("clean", "lowkey")
        }


def test_an_edit_of_an_experiment_restales_it_alone(finished):
    folder = library(finished, "experiments")
    records = finished.folder / "resources" / "records" / "experiments.yaml"
    with edited(folder / "ranks" / "measure.py", "RANKS = (1, 2, 5", "RANKS = (1, 2, 4"):
        assert finished.stale() == measured("ranks")
    with edited(folder / "ranks" / "figure.py", '"rank k"', '"rank"'):
        assert finished.stale() == figure("ranks")
    with edited(folder / "defenses" / "caption.rst", "Seed {seed}", "The seed is {seed}"):
        assert finished.stale() == figure("defenses")
    with edited(records, "How long do LowKey's cloaks last?", "How long does LowKey last?"):
        assert finished.stale() == figure("lowkey_by_extractor")
    # One chart of two figures.
    with edited(folder / "by_extractor" / "figure.py", "_HEIGHT = 340", "_HEIGHT = 341"):
        assert finished.stale() == figure("lowkey_by_extractor") | figure("fawkes_by_extractor")


def test_words_restale_only_what_shows_them(finished):
    with (
        edited(finished.folder / "resources" / "records" / "attacks.yaml", "label: LowKey", "label: LowKey (2021)"),
        edited(library(finished, "attacks/methods/lowkey.py"), '"""LowKey', '"""The attack LowKey'),  # shown nowhere
    ):
        # Tables hold labels, and numbers are measured before.
        labelled = ("lowkey_by_extractor", "ranks", "defenses", "visibility")
        tables = {path for name in ("protection", *labelled) for path in table(name)} - table("visibility")
        figures = {path for name in ("contact_sheet", *labelled) for path in figure(name)}
        assert finished.stale() == tables | figures
    with edited(finished.folder / "resources" / "records" / "defenses.yaml", "label: JPEG 50", "label: JPEG at 50"):
        assert finished.stale() == table("defenses") | figure("defenses")


def test_another_seed_restales_all_that_is_random(finished):
    outputs = finished.stale("--config", "seed=2")
    assert {f"{RESULTS}/landmarks.csv", f"{RESULTS}/perturbed/lowkey.h5", "results/background/faces.h5"} <= outputs


def test_what_is_made_again_has_the_same_bytes_and_restales_nothing(finished):
    def contents():
        files = [path for path in (finished.folder / "results").rglob("*") if path.is_file()]
        return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    before = contents()
    # From the first picture to a table, by an attack and by a training; of figures see test_saving_figures.py.
    names = [
        f"{RESULTS}/tables/protection.csv",
        f"{RESULTS}/perturbed/lowkey.h5",
        "results/extractors/clip.safetensors",
    ]
    done = finished.snakemake("--cores", "2", "--forceall", *names)
    assert done.returncode == 0, done.stdout + done.stderr
    after = contents()
    assert {finished.folder / name for name in names} <= {path for path in after if after[path][0] != before[path][0]}
    assert after.keys() == before.keys()
    assert [path for path in after if after[path][1] != before[path][1]] == []
    assert finished.stale() == set()


def test_one_attack_has_all_cores_and_makes_the_same_bytes(finished, tmp_path):
    overlay = tmp_path / "one.yaml"
    overlay.write_text("run: {attacks: [lowkey]}\n")
    target = f"{RESULTS}/perturbed/lowkey.h5"
    path, log = finished.folder / target, finished.folder / "logs/perturb_at_once/synthetic/lowkey.log"
    before = path.read_bytes()
    for configs, said in (
        (["tests/worlds/tiny.yaml"], ""),
        (["tests/worlds/tiny.yaml", str(overlay)], "2 processes share 3 tasks"),
    ):
        path.unlink()
        process = finished.start(target, "--cores", "2", configs=configs)
        output = "".join(process.communicate())
        assert process.returncode == 0, output
        assert path.read_bytes() == before
        # Where there are as many attacks as cores, each has one.
        assert said in log.read_text() if said else "processes share" not in log.read_text()


def test_contracts_of_the_results(finished):
    folder = finished.folder / RESULTS
    manifest = pd.read_csv(folder / "manifest.csv")
    assert list(manifest) == ["picture", "identity", "path", "sha256", "width", "height"]
    split = pd.read_csv(folder / "split.csv")
    assert {"picture", "identity", "part", "role"} <= set(split)
    users = set(split.loc[(split["role"] == "user") & (split["part"] == "gallery"), "picture"])
    with h5py.File(folder / "faces.h5") as faces, h5py.File(folder / "perturbed" / "lowkey.h5") as perturbed:
        assert faces["faces"].dtype == perturbed["faces"].dtype == np.uint8
        assert set(perturbed["picture"].asstr()[()]) == users
        assert {"dssim", "ssim", "l2", "linf", "psnr"} <= set(perturbed)
        made = json.loads(perturbed.attrs["settings"])
        assert (made["steps"], made["step_size"], made["ensemble"]) == (3, 0.0025, "four")
        clean = dict(zip(faces["picture"].asstr()[()], faces["faces"][()], strict=True))
        for picture, face in zip(perturbed["picture"].asstr()[()], perturbed["faces"][()], strict=True):
            assert (face != clean[picture]).any()
    rates = pd.read_csv(folder / "tables" / "protection.csv", keep_default_na=False)
    assert len(rates) == 5 * len(EXTRACTORS) + 1
    assert rates["protection_rate"].between(rates["low"], rates["high"]).all()
    defended = pd.read_csv(folder / "tables" / "defenses.csv", keep_default_na=False)
    assert set(map(tuple, defended[["attack", "defense"]].to_numpy())) == {
        (attack, defense) for attack in ("none", "lowkey") for defense in ("none", "jpeg_50", "half_size")
    }
    for kind in ("html", "svg", "png", "csv"):
        assert (folder / "figures" / f"lowkey_by_extractor.{kind}").stat().st_size > 100


def test_a_report_of_some_figures_says_so(finished, tmp_path):
    """Of all figures: test_experiments_workflow.py."""
    done = finished.snakemake("--report", str(tmp_path / "some.zip"), f"{RESULTS}/figures/ranks.html")
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(tmp_path / "some.zip") as report:
        page = report.read("some/report.html").decode()
        assert [name for name in report.namelist() if name.endswith("ranks.html")]
    assert "This report has some figures of a run" in page
    assert "<article" not in page


def test_the_overview_asks_for_nothing_that_is_not_made_anyhow(finished):
    """Whatever a run asks for."""

    def jobs(experiments, *targets):
        run = json.dumps({"experiments": experiments})
        done = finished.snakemake("-n", "--forceall", *targets, "--config", f"run={run}")
        assert done.returncode == 0, done.stdout + done.stderr
        rows = [line.split() for line in (done.stdout + done.stderr).splitlines()]
        counts = {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit() and row[0].isidentifier()}
        assert counts.pop("total") == sum(counts.values())
        return counts

    for name in ("pictures", "contact_sheet", "ranks"):
        without = jobs([name], f"{RESULTS}/figures/{name}.html")
        assert len(without) > 3
        assert jobs([name]) == without | {"all": 1, "overview": 1}


def complaint(done) -> str:
    """The line that tells what is wrong."""
    assert done.returncode != 0
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip().startswith("error: ")]
    assert len(set(lines)) == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return lines[0]


def test_a_bad_configuration_is_told_in_one_line(finished):
    # Which faults are told, and how: tests/records/test_configuration.py.
    done = finished.snakemake("-n", "--config", 'attacks={"lowkey": {"surrogates": ["arkface"]}}')
    assert "there is no extractor 'arkface'" in complaint(done)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        (f"{RESULTS}/embeddings/facenet/lowkey.h5", f"{RESULTS}/experiments/lowkey_by_extractor/errors.csv"),
        (f"{RESULTS}/faces.h5", f"{RESULTS}/embeddings/facenet/clean.h5"),
        ("results/extractors/facenet.safetensors", f"{RESULTS}/embeddings/facenet/clean.h5"),
    ],
)
def test_a_truncated_file_is_told_in_one_line_and_nothing_is_half_written(finished, name, target):
    path = finished.folder / name
    whole = path.read_bytes()
    before = (finished.folder / target).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    try:
        done = finished.snakemake(target, "--cores", "1", "--allowed-rules", "measure", "embed")
        line = complaint(done)
        assert name in line
        assert ("damaged" if name.endswith(".safetensors") else "truncated") in line
        assert {path.name for path in (finished.folder / target).parent.glob(".*")} <= {".seals"}
    finally:
        path.write_bytes(whole)
        (finished.folder / target).parent.mkdir(exist_ok=True)  # Snakemake removes a folder that it emptied
        (finished.folder / target).write_bytes(before)
        finished.snakemake("--cleanup-metadata", target)


def test_a_notebook_perturbs_the_faces_of_a_finished_run(finished, monkeypatch):
    """As the page says."""
    page = (finished.folder / "docs" / "layout.md").read_text()
    monkeypatch.chdir(finished.folder)
    cells = {}
    exec(page.split("```python\n")[1].split("```")[0], cells)
    perturbed = cells["perturbed"]
    assert perturbed.faces.dtype == perturbed.clean.dtype == np.uint8
    assert perturbed.faces.shape == perturbed.clean.shape == cells["faces"].shape
    assert (perturbed.faces != perturbed.clean).any(axis=(1, 2, 3)).all()

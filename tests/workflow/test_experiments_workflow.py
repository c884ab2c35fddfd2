"""Every experiment of the ICLR 2022 paper through the workflow, on a small world: outputs, leakage, reruns, names."""

import json
import re
import shutil
from importlib import import_module

import h5py
import numpy as np
import pandas as pd
import pytest
from browser import browser
from configurations import configuration
from conftest import Checkout, copy_checkout
from report_pages import faults, quiet

from uncloak.experiments.averaging import MEASURED
from uncloak.extractors.weights import read_metadata

pytestmark = pytest.mark.slow

CONFIGS = ["tests/worlds/tiny.yaml", "tests/worlds/tiny_experiments.yaml"]
RESULTS = "results/synthetic"
PAPER = [*(f"figure{number}" for number in range(2, 13)), *(f"table{number}" for number in range(1, 5))]


class World(Checkout):
    def snakemake(self, *arguments, config=None):
        process = self.start(*arguments, configs=CONFIGS)
        stdout, stderr = process.communicate()
        process.stdout, process.stderr = stdout, stderr
        return process


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiments") / "uncloak"
    copy_checkout(folder)
    checkout = World(folder)
    done = checkout.snakemake("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return checkout


def table(world, name):
    return pd.read_csv(world.folder / name, keep_default_na=False)


def people(world, name, role=None):
    split = table(world, f"results/{name}/split.csv")
    return set(split.loc[split["role"] == role, "identity"]) if role else set(split["identity"])


def stored(folder):
    """The HDF5 files below a folder, without their seals."""
    return [path for path in folder.rglob("*.h5") if path.parent.name != ".seals"]


def pictures_in(path):
    with h5py.File(path) as file:
        return {picture.split("/")[0] for picture in file["picture"].asstr()[()]}


def test_a_finished_run_has_every_figure_and_nothing_to_do(world):
    figures = {path.stem for path in (world.folder / RESULTS / "figures").glob("*.html")}
    assert {"adaptive", "training_matrix", "detection", "unprotected", "ranks", "classifiers", "systems"} <= figures
    assert {"collusion", "cost", "games", "lifetime", "lowkey_by_extractor", "verification", "defenses"} <= figures
    second = {path.stem for path in (world.folder / "results/second_world/figures").glob("*.html")}
    assert {"fawkes_and_defenses", "lowkey_and_defenses", "systems"} <= second
    assert (world.folder / "results/claims/claims.html").exists()
    assert (world.folder / "results/transfer/figures/transfer_over_time.html").exists()
    assert world.stale() == set()


@pytest.fixture(scope="module")
def report(world, tmp_path_factory):
    """The report of the run, as a person unpacks it: its folder."""
    folder = tmp_path_factory.mktemp("report")
    done = world.snakemake("--report", str(folder / "report.zip"))
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.unpack_archive(folder / "report.zip", folder)
    return folder / "report"


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


def test_the_report_begins_with_the_answer(report, tab):
    assert faults(tab, report / "report.html", chart=False) == []
    text = tab.run("return document.querySelector('.overview').innerText")
    for said in ("The answer", "What was claimed", "How this was made", "Time by stage", "SHA-256", "in float32"):
        assert said in text
    broken = "return [...document.images].filter(image => !image.complete || !image.naturalWidth).length"
    assert (tab.run("return document.querySelectorAll('.overview figure img').length"), tab.run(broken)) == (3, 0)
    # The page begins at its top, also where the house leads; what Snakemake draws of the workflow stands beneath it.
    place = "const place = name => document.querySelector(name).getBoundingClientRect(); return place({}).{};"
    for content in ("metadata", "rulegraph"):
        tab.run(f"app.setView({{navbarMode: 'menu', content: '{content}'}})")
        assert 0 <= tab.run(place.format("'.overview'", "top")) < 100
        assert tab.run(place.format("'.overview'", "width")) > 700
    assert tab.run(place.format("'#rulegraph'", "top")) >= tab.run(place.format("'.overview'", "bottom"))
    # A figure leads to its own page.
    for page in tab.run("return [...document.querySelectorAll('.overview figure a')].map(link => link.dataset.page)"):
        tab.run(f"document.querySelector('.overview [data-page=\"{page}\"]').click()")
        assert tab.run("return document.querySelector('iframe').src").endswith(page.rpartition("/")[2])
        tab.run("app.setView({navbarMode: 'menu', content: 'rulegraph'})")
    assert quiet(tab) == []


def test_every_figure_of_the_report_is_whole(world, report, tab):
    tab.open(report / "report.html")
    results, categories = tab.run("return [results, categories]")
    pages = {str(path.relative_to(world.folder)) for path in (world.folder / "results").rglob("figures/*.html")}
    pages |= {"results/claims/claims.html"}
    assert set(results) == pages | {"results/overview/provenance.csv"}
    assert {frozenset(each["labels"]) for each in results.values()} == {frozenset({"figure"})}
    assert [name for name, each in results.items() if len(each["caption"]) < 100] == []
    assert "Other" not in categories
    # Of figures of one name Snakemake lists one.
    assert len({each["labels"]["figure"] for each in results.values()}) == len(results)
    for category, folders in categories.items():
        for folder in folders:
            place = json.dumps({"navbarMode": "subcategory", "category": category, "subcategory": folder})
            tab.run(f"app.setView({place})")
    for name in results:
        tab.run(f"app.showResultInfo({json.dumps(name)})")
    assert quiet(tab) == []
    found = {name: faults(tab, report / results[name]["data_uri"]) for name in sorted(pages)}
    assert {name: said for name, said in found.items() if said} == {}


def test_every_figure_and_table_of_the_paper_has_a_name(world):
    done = world.snakemake("-n", *PAPER)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing to be done" in done.stdout + done.stderr


def test_a_name_asks_for_its_files(world):
    asked = {
        "figure4": "figures/fawkes_by_extractor.html",
        "figure7": "figures/unprotected.html",
        "figure12": "second_world/figures/systems.html",
        "table1": "tables/public.csv",
        "table2": "tables/detection.csv",
        "table4": "transfer/transfer.csv",
    }
    done = world.snakemake("-n", "--forceall", *asked)
    said = done.stdout + done.stderr
    for name, file in asked.items():
        [files] = re.findall(rf"^rule {name}:\n    input: (.*)$", said, re.MULTILINE)
        assert file in files


def test_users_are_never_among_those_that_the_trainer_learns_from(world):
    users, detector = people(world, "synthetic", "user"), people(world, "synthetic", "detector")
    assert len(users) == 2
    assert not users & detector
    for path in stored(world.folder / RESULTS / "perturbed" / "detector"):
        assert pictures_in(path) <= detector
    for name in ("fawkes", "lowkey"):
        scores = table(world, f"{RESULTS}/detection/{name}.csv")
        train, test = (set(scores.loc[scores["part"] == part, "identity"]) for part in ("train", "test"))
        assert train
        assert test
        assert not train & test
        assert train | test <= detector
    # The public people are drawn in a world of their own, in which nobody is a user and no extractor is trained.
    assert set(table(world, "results/public/split.csv")["role"]) == {"public"}
    assert set(table(world, "results/background/split.csv")["role"]) == {"background"}
    for path in stored(world.folder / "results" / "public" / "perturbed" / "public"):
        assert pictures_in(path) <= people(world, "public")
    for name in ("robust", "robust_lowkey", "robust_fawkes"):
        recipe = json.loads(read_metadata(world.folder / f"results/extractors/{name}.safetensors")["recipe"])
        assert recipe["train"]["public"]["dataset"] == "public"
        assert recipe["train"]["data"] == "background"


def test_worlds_show_different_people(world):
    """People of equal names in two datasets are drawn differently."""
    with (
        h5py.File(world.folder / "results/background/faces.h5") as one,
        h5py.File(world.folder / "results/public/faces.h5") as other,
    ):
        assert not np.array_equal(one["faces"][0], other["faces"][0])
        assert one["picture"][0] == other["picture"][0]


def test_tables_have_their_rows(world):
    protection = table(world, f"{RESULTS}/tables/protection.csv")
    assert set(protection["extractor"]) == {"pixels", "facenet", "clip", "robust"}
    assert set(protection["defense"]) == {"none"}
    public = table(world, f"{RESULTS}/tables/public.csv").set_index("attack")["n_identities"]
    assert public.to_dict() == {"fawkes_v10": 3, "lowkey": 4}
    detection = table(world, f"{RESULTS}/tables/detection.csv")
    assert len(detection) == 2 * 4
    classifiers = table(world, f"{RESULTS}/tables/classifiers.csv")
    assert {"nearest neighbor", "linear, 100 iterations", "linear, converged", "end to end"} <= set(
        classifiers["classifier"]
    )
    end_to_end = classifiers[classifiers["classifier"] == "end to end"]
    assert set(end_to_end["defense"]) == {"none", "robust_training"}
    assert set(table(world, f"{RESULTS}/tables/unprotected.csv")["unprotected"]) == {0, 1, 2}
    collusion = table(world, f"{RESULTS}/experiments/collusion/errors.csv")
    outcomes = 1 - collusion["error"] + collusion["taken_for_partner"] + collusion["taken_for_other"]
    np.testing.assert_allclose(outcomes, 1, atol=1e-5)


def test_tables_of_errors_have_the_columns_that_are_declared(world):
    methods = {name: record["method"] for name, record in configuration(*CONFIGS)["experiments"].items()}
    for path in sorted((world.folder / "results").glob("*/experiments/*/errors.csv")):
        measure = import_module(f"uncloak.experiments.{methods[path.parent.name]}.measure")
        found = set(pd.read_csv(path, nrows=0))
        # Only where a defense has a second extractor is one asked.
        assert found ^ set(getattr(measure, "MEASURED", MEASURED)) <= {"passed_on"}


def test_defenses_have_one_spelling_in_every_table(world):
    known = {"none", *configuration(*CONFIGS)["defenses"]}
    found = {}
    for path in sorted((world.folder / RESULTS / "tables").glob("*.csv")):
        if "defense" in (rows := pd.read_csv(path, keep_default_na=False)):
            found[path.stem] = set(rows["defense"])
    # Two defenses together are joined.
    assert {name for names in found.values() for each in names for name in each.split("+")} <= known
    assert found["adaptive"] == {"none", "robust_training"}
    assert found["training_matrix"] == {"none", "robust_training", "robust_on_fawkes", "robust_on_lowkey"}
    assert found["systems"] == {"none", "top_2_clip", "top_2_robust", "threshold_clip", "threshold_robust"}
    assert found["unprotected"] == {"none", "cloak_detector", "two_means"}
    assert found["collusion"] == {"none", "threshold_robust", "threshold_robust+cloak_detector"}
    # Every hook: faces are treated or dropped, an extractor takes the place, two answer.
    assert found["defenses"] == {
        "none",
        *("jpeg_50", "half_size", "denoiser", "cloak_detector", "before_first_attack"),
        *("dyntracker", "robust_training", "top_2_clip"),
    }


def test_a_defense_treats_what_everybody_posts(world):
    def embedded(name):
        with h5py.File(world.folder / RESULTS / "embeddings" / "facenet" / f"{name}.h5") as file:
            return dict(zip(file["picture"].asstr()[()], file["embedding"][()], strict=True))

    for posting in ("clean", "lowkey"):
        plain, treated = embedded(posting), embedded(f"{posting}~jpeg_50")
        assert plain.keys() == treated.keys()
        assert all((plain[picture] != treated[picture]).any() for picture in plain)


def test_robust_training_is_the_tuned_extractor(world):
    """An extractor that a defense puts in another's place stands as itself, too, where the run names it."""
    key = ["attack", "clean_error", "protection_rate"]
    of_run = table(world, f"{RESULTS}/tables/protection.csv").query("extractor == 'robust'")[key]
    defended = table(world, f"{RESULTS}/tables/adaptive.csv").query("defense == 'robust_training'")
    assert set(defended["extractor"]) == {"facenet"}
    pd.testing.assert_frame_equal(defended[key].reset_index(drop=True), of_run.reset_index(drop=True))


def test_the_robust_extractor_has_not_seen_the_second_world(world):
    done = world.snakemake("-n", "--forceall", "results/extractors/robust.safetensors")
    assert done.returncode == 0
    assert "Draw the background faces of public" in done.stdout + done.stderr
    assert "second_world" not in done.stdout + done.stderr


def test_an_experiment_takes_those_of_its_attacks_that_are_run(world):
    """A user who runs one attack and one extractor gets the experiments, with what they need besides and no more."""
    run = 'run={"attacks": ["lowkey"], "extractors": ["facenet"], "datasets": ["synthetic"]}'
    done = world.snakemake("-n", "--forceall", "--config", run)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "with the gallery of synthetic by robust\n" in said
    assert "with the gallery of synthetic by clip\n" in said  # the second model of systems
    assert "with the gallery of synthetic by pixels\n" not in said
    assert "Perturb faces of synthetic by fawkes_v10_mid" not in said
    assert "end to end under lowkey" in said
    assert "end to end under fawkes_v10" not in said


def test_another_detector_restales_only_what_uses_it(world):
    path = world.folder / CONFIGS[1]
    text = path.read_text()
    path.write_text(text.replace("test: 2}, epochs: 1}", "test: 2}, epochs: 2}", 1))
    try:
        stale = world.stale()
    finally:
        path.write_text(text)
    assert f"{RESULTS}/detection/fawkes.csv" in stale
    touched = {name.removeprefix(f"{RESULTS}/").split(".")[0] for name in stale if name.startswith(RESULTS)}
    using = ("detection", "unprotected", "collusion", "defenses")
    assert touched == {
        "detection/fawkes",
        *(f"{place}/{name}" for name in using for place in ("tables", "figures")),
        *(f"experiments/{name}/errors" for name in using),
    }
    assert {name for name in stale if not name.startswith(RESULTS)} == {
        f"results/claims/claims.{kind}" for kind in ("html", "svg", "png", "csv")
    }

"""Which figures answer on the first page of a report, whatever is run."""

import pytest
from configurations import configuration
from planned import TINY

from uncloak import paths
from uncloak.plan import overview, targets


def answering(*overlays):
    return [each["page"].removeprefix("results/") for each in overview.figures(configuration(*overlays))]


def test_of_each_question_the_figure_that_says_most():
    assert answering() == [f"synthetic/figures/{name}.html" for name in ("lifetime", "adaptive", "visibility")]
    lfw = [f"lfw/figures/{name}.html" for name in ("lifetime", "adaptive", "visibility")]
    assert answering("resources/worlds/lfw.yaml") == lfw


def test_what_is_not_run_is_not_shown():
    assert answering(TINY) == [
        *("synthetic/figures/fawkes_by_extractor.html", "synthetic/figures/defenses.html"),
        "synthetic/figures/visibility.html",
    ]
    second = {"run": {"datasets": ["second_world"]}}
    assert answering(second)[0] == "second_world/figures/fawkes_and_defenses.html"
    assert {page.split("/")[0] for page in answering(second)} <= {"second_world", "transfer"}


def test_few_figures_are_all_shown_those_of_one_question_too():
    ranked = {"run": {"experiments": ["ranks", "verification", "lowkey_by_extractor", "lifetime"]}}
    pages = [f"synthetic/figures/{name}.html" for name in ("lifetime", "lowkey_by_extractor", "ranks")]
    assert answering(ranked) == pages
    assert answering({"run": {"experiments": ["protection", "pictures"]}}) == [
        *("synthetic/figures/pictures.html", "second_world/figures/pictures.html"),
        "transfer/figures/transfer_over_time.html",
    ]
    assert answering({"run": {"experiments": ["protection"]}, "transfer": {"image_classifiers": []}}) == []


@pytest.mark.parametrize("overlay", [{}, TINY, "resources/worlds/lfw.yaml", {"run": {"experiments": ["games"]}}])
def test_words_and_files_agree(overlay):
    config = configuration(overlay)
    files, told = overview.files(config), overview.told(config)
    for name in ("figures", "rates", "splits", "extractors", "perturbed"):
        assert len(files[name]) == len(told[name]) == len(set(files[name]))
    assert files["everything"] == targets.everything(config)
    assert set(files["tables"]) | set(files["rates"]) <= {*files["everything"], *files["rates"]}
    assert bool(files["claims"]) == (paths.fill(paths.CLAIMS, kind="html") in files["everything"])


def test_a_question_that_claims_no_place_comes_last():
    added = {"experiments": {"mine": {"method": "verification"}}, "run": {"experiments": ["mine", "channels", "games"]}}
    channels = {"run": {"channels": ["jpeg75"]}}
    assert [page.split("/")[-1] for page in answering(added, channels)] == [
        "games.html",
        "channels.html",
        "channels.html",
    ]

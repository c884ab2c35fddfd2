"""What a run asks for: tables and figures, all of them and by place of the paper."""

import pytest
from configurations import configuration
from planned import TINY, pages, tables

from uncloak.plan import targets
from uncloak.plan.asked import Asked


def test_everything_of_the_default(default):
    asked = targets.everything(default)
    assert len(set(asked)) == len(asked)
    measured = [
        *("fawkes_by_extractor", "lowkey_by_extractor", "interpolation", "ranks", "verification", "visibility"),
        *(
            "open_set",
            "adaptive",
            "training_matrix",
            "defenses",
            "detection",
            "giveaway",
            "cost",
            "transfer_grid",
            "blurred_grid",
            "everyday_grid",
            "unprotected",
            "classifiers",
            "systems",
            "collusion",
        ),
    ]
    assert set(asked) == {
        *tables("synthetic", "protection", "public", "extractors", *measured),
        *pages("synthetic", "lifetime", "games", "contact_sheet", "pictures", *measured),
        *tables("second_world", "protection", "extractors", "fawkes_and_defenses", "lowkey_and_defenses", "systems"),
        *pages("second_world", "fawkes_and_defenses", "lowkey_and_defenses", "systems", "pictures"),
        *("results/transfer/transfer.csv", "results/transfer/figures/transfer_over_time.html"),
        "results/claims/claims.html",
    }


def test_everything_of_the_small_world_is_what_its_run_names():
    shown = ("fawkes_by_extractor", "lowkey_by_extractor", "ranks", "visibility", "defenses")
    assert set(targets.everything(configuration(TINY))) == {
        *tables("synthetic", "protection", *shown),
        *pages("synthetic", "pictures", "contact_sheet", *shown),
    }


def test_the_small_experiments_make_what_the_default_makes(default, experimental):
    assert set(targets.everything(experimental)) == set(targets.everything(default))


def test_channels_add_a_figure_to_each_dataset(default):
    channelled = configuration({"run": {"channels": ["jpeg75", "half"]}})
    added = set(targets.everything(channelled)) - set(targets.everything(default))
    assert added == {*pages("synthetic", "channels"), *pages("second_world", "channels")}
    channels = Asked(channelled, "channels", "synthetic").words()["channels"]
    assert list(channels.items()) == [("png", "PNG"), ("jpeg75", "JPEG 75"), ("half", "half size and back")]


def test_a_dataset_that_shows_no_visibility_has_no_table_of_it():
    config = configuration({"datasets": {"synthetic": {"visibility": False}}})
    assert not [path for path in targets.everything(config) if "visibility" in path or "contact_sheet" in path]


@pytest.mark.parametrize(
    ("place", "files"),
    [
        ("Figure 2", pages("synthetic", "adaptive")),
        ("Figure 4", pages("synthetic", "fawkes_by_extractor")),
        ("Figure 10", pages("second_world", "fawkes_and_defenses")),
        # One experiment, on two datasets.
        ("Figure 6", pages("synthetic", "systems")),
        ("Figure 12", pages("second_world", "systems")),
        ("Table 1", tables("synthetic", "public")),
        # Two tables in one.
        ("Table 2", tables("synthetic", "detection")),
        ("Table 3", tables("synthetic", "detection")),
        ("Table 9", []),
    ],
)
def test_places_of_the_paper(default, place, files):
    assert targets.of_paper(default, place) == files

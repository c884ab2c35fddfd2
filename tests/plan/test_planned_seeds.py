"""Seeds of records: what is made anew, by which seed, and for which experiment."""

import pytest
from configurations import configuration
from planned import pages, tables

from uncloak.errors import InputError
from uncloak.plan import attacks, brought, datasets, experiments, extractors, targets
from uncloak.plan.asked import Asked

SEEDS = {"extractors": {"magface": {"seeds": [5, 9]}}, "attacks": {"fawkes_v10": {"seeds": [2]}}}


def made(dataset):
    """The table and the figure of a dataset."""
    return {*tables(dataset, "seeds"), *pages(dataset, "seeds")}


def test_without_seeds_nothing_is_repeated(default):
    assert "seeds" in experiments.names(default)
    assert not experiments.made(default, "seeds")
    assert not any("_seed_" in name for kind in ("extractors", "attacks") for name in default[kind])
    assert {extractors.seed(default, name) for name in default["extractors"]} == {default["seed"]}


def test_seeds_add_one_table_to_each_dataset_and_nothing_else(default):
    repeated = configuration(SEEDS)
    added = set(targets.everything(repeated)) - set(targets.everything(default))
    assert added == {path for name in repeated["run"]["datasets"] for path in made(name)}
    for name in ("magface", "fawkes_v10"):
        kind, plan = ("extractors", extractors.record) if name == "magface" else ("attacks", attacks.perturb_record)
        # The same record, from which nothing else follows by another seed.
        assert plan(repeated, name) == plan(default, name)
        again = next(each for each in repeated[kind] if each.startswith(f"{name}_seed_"))
        assert plan(repeated, again) == plan(default, name)
    assert extractors.seed(repeated, "magface_seed_9") == 9
    assert extractors.seed(repeated, "magface") == default["seed"]
    assert attacks.seed(repeated, "fawkes_v10_seed_2") == 2
    assert repeated["extractors"]["magface_seed_5"]["label"] == f"{default['extractors']['magface']['label']}, seed 5"
    # All extractors that are asked anything stand in the table of extractors.
    for name in set(experiments.names(default)) - {"extractors"}:
        for asked in experiments.made(default, name):
            assert Asked(repeated, name, asked.dataset).told() == asked.told()


def test_a_split_anew_is_measured_by_one_experiment_and_has_the_same_pictures(default):
    repeated = configuration({"datasets": {"synthetic": {"seeds": [4]}}})
    assert set(targets.everything(repeated)) - set(targets.everything(default)) == made("synthetic")
    assert experiments.averaged(repeated, "seeds", "synthetic")["errors"] == [
        f"results/{name}/experiments/seeds/errors.csv" for name in ("synthetic", "synthetic_seed_4")
    ]
    assert datasets.seed(repeated, "synthetic_seed_4") == 4
    assert datasets.split_anew(repeated) == ["synthetic_seed_4"]
    assert "synthetic_seed_4" not in datasets.made_from(repeated, "drawn")
    assert brought.dataset_folder(repeated, "synthetic_seed_4") == brought.dataset_folder(default, "synthetic")
    other, first = (Asked(repeated, "seeds", name) for name in ("synthetic_seed_4", "synthetic"))
    assert other.told()["repeats"] == first.told()["repeats"]
    assert first.told()["repeats"]["datasets"] == {"synthetic_seed_4": ("synthetic", 4)}
    # Extractors are told to have seen these people as they are told of the first.
    seen = {"extractors": {"arcface": {"trained_on": ["synthetic"]}}}
    repeated = configuration({"datasets": {"synthetic": {"seeds": [4]}}}, seen)
    assert extractors.saw_people(repeated, "arcface", "synthetic_seed_4") == ["synthetic"]


def test_one_thing_is_made_anew_at_a_time():
    asked = Asked(configuration(SEEDS), "seeds", "synthetic")
    by_extractor = {each.extractor: asked.attacks_on(each) for each in asked.recognizers}
    assert {name for name in by_extractor if "_seed_" in name} == {"magface_seed_5", "magface_seed_9"}
    assert "fawkes_v10_seed_2" in by_extractor["magface"]
    assert "fawkes_v10_seed_2" in by_extractor["arcface"]
    for seed in (5, 9):
        assert by_extractor[f"magface_seed_{seed}"] == [n for n in by_extractor["magface"] if "_seed_" not in n]
    told = asked.told()["repeats"]
    assert told["extractors"] == {"magface_seed_5": ("magface", 5), "magface_seed_9": ("magface", 9)}
    assert told["attacks"] == {"fawkes_v10_seed_2": ("fawkes_v10", 2)}


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({"extractors": {"magface": {"seeds": [1]}}}, r"extractors\.magface\.seeds: by 1 it is made anyway"),
        ({"extractors": {"magface": {"seeds": [5, 5]}}}, r"extractors\.magface"),
        ({"extractors": {"magface": {"seeds": [-5]}}}, r"extractors\.magface\.seeds"),
        ({"extractors": {"magface": {"seeds": ["a"]}}}, r"extractors\.magface\.seeds"),
        ({"extractors": {"magface": {"seeds": 5}}}, r"extractors\.magface\.seeds"),
        ({"extractors": {"pixels": {"seeds": [5]}}}, r"extractors\.pixels: 'seeds' has no place"),
        ({"attacks": {"fawkes_half": {"seeds": [5]}}}, r"attacks\.fawkes_half: 'seeds' has no place"),
    ],
)
def test_what_cannot_be_repeated_is_told(overlay, message):
    with pytest.raises(InputError, match=message) as caught:
        configuration(overlay)
    assert "\n" not in str(caught.value)

"""What an experiment takes of a run, and from which files."""

import json

import pytest
from configurations import configuration
from planned import NEW, TINY, pages, tables

from uncloak.plan import attacks, evaluated, experiments, targets
from uncloak.plan.asked import Asked
from uncloak.provenance import as_ordered_text


def taken(config, experiment, dataset="synthetic"):
    """Extractors, and attacks, of an experiment."""
    asked = Asked(config, experiment, dataset)
    return asked.extractors, asked.attacks


def test_an_experiment_takes_what_its_dataset_evaluates_and_leaves_out_what_it_says(default):
    every = ["pixels", "facenet", "arcface", "vggface", "magface", "clip_pretrained", "clip", "robust"]
    assert taken(default, "protection") == (every, ["fawkes_v03", "fawkes_v10", "fawkes_half", "lowkey"])
    assert taken(default, "lowkey_by_extractor") == (every[:-1], ["lowkey"])
    # Raw pixels are the floor of the clean error, which nothing could fool; few figures draw it.
    assert taken(default, "ranks") == (["arcface", "magface", "clip", "robust"], ["fawkes_v10", "lowkey"])
    assert taken(default, "lowkey_and_defenses", "second_world") == (
        ["facenet", "arcface", "vggface", "magface", "clip", "robust"],
        ["lowkey"],
    )
    without = {"attacks": ["lowkey"], "extractors": ["clip"]}
    changed = configuration({"experiments": {"ranks": {"datasets": ["second_world"], "without": without}}})
    assert taken(changed, "ranks", "second_world") == (
        ["facenet", "arcface", "vggface", "magface", "robust"],
        ["fawkes_v03", "fawkes_v10"],
    )
    # Left out, but for being the only one.
    alone = configuration(TINY, {"run": {"extractors": ["facenet"], "attacks": ["fawkes_v03"], "defenses": []}})
    assert taken(alone, "unprotected") == (["facenet"], ["fawkes_v03"])
    named = configuration({"experiments": {"ranks": {"without": without, "extractors": ["clip"]}}})
    assert taken(named, "ranks")[0] == ["clip"]


def test_a_new_extractor_or_attack_of_the_run_is_in_all_experiments_that_name_none(default):
    run = {kind: [*default["run"][kind], new] for kind, new in NEW.items()}
    changed = configuration({"run": run})
    for name, record in default["experiments"].items():
        for kind, new in NEW.items():
            if kind in record or "synthetic" not in record.get("datasets", ["synthetic"]):
                continue
            [before, after] = [getattr(Asked(config, name, "synthetic"), kind) for config in (default, changed)]
            assert after == [*before, new], name


def test_a_dataset_has_attacks_and_extractors_of_its_own():
    config = configuration({"datasets": {"synthetic": {"attacks": ["lowkey"], "extractors": ["clip"]}}})
    assert evaluated.attacks_of(config, "synthetic") == ["lowkey"]
    assert evaluated.extractors_of(config, "synthetic") == ["clip"]
    assert taken(config, "adaptive") == (["facenet", "arcface"], ["lowkey"])
    assert Asked(config, "games", "synthetic").words()["users"] == {
        "Posts with the newest attack": ["lowkey"],
        "Posts once, with LowKey": ["lowkey"],
    }
    # A figure none of whose attacks is run is not drawn.
    made = {path for path in targets.everything(config) if "synthetic/figures" in path}
    assert {*pages("synthetic", "lowkey_by_extractor")} <= made
    assert not {*pages("synthetic", "fawkes_by_extractor")} & made


def test_an_experiment_none_of_whose_attacks_is_run_is_not_made(default):
    showing = ("adaptive", "unprotected", "ranks", "classifiers")
    named = {experiment: {"attacks": ["lowkey"]} for experiment in showing}
    config = configuration({"datasets": {"synthetic": {"attacks": ["fawkes_v10_low"]}}, "experiments": named})
    for experiment in (*showing, "games"):
        assert [asked.dataset for asked in experiments.made(default, experiment)] == ["synthetic"]
        assert experiments.made(config, experiment) == []
    # Detectors are tested on attacks that users need not take up.
    assert Asked(config, "detection", "synthetic").attacks == default["experiments"]["detection"]["attacks"]


def test_an_experiment_is_made_on_datasets_of_the_run_alone():
    config = configuration({"run": {"datasets": ["second_world"]}})
    assert [asked.dataset for asked in experiments.made(config, "systems")] == ["second_world"]
    assert experiments.made(config, "detection") == []
    assert "results/synthetic/tables/protection.csv" not in targets.everything(config)


def test_only_the_experiments_of_the_run_are_made():
    config = configuration({"run": {"experiments": ["games"]}})
    assert targets.everything(config)[:1] == pages("synthetic", "games")
    # It is drawn from another experiment's table, which can be made all the same.
    drawn = experiments.drawn_from(config, "games", "synthetic")
    # And it says how much its attacks show; those of mixtures by their parts.
    assert drawn == {
        **{name: tables("synthetic", name) for name in ("protection", "visibility")},
        "visible": attacks.perturbed("synthetic", ["fawkes_v03", "fawkes_v10", "lowkey"]),
    }
    assert {"protection", "visibility"} <= set(experiments.by_part(config, "measure"))


@pytest.mark.parametrize(
    "change", [{"experiments": {"visibility": None}}, {"datasets": {"synthetic": {"visibility": False}}}]
)
def test_a_game_is_played_without_an_oracle_where_visibility_is_not_measured(change):
    drawn = experiments.drawn_from(configuration(change), "games", "synthetic")
    assert "protection" in drawn
    assert "visibility" not in drawn


def test_raw_pixels_meet_no_attack(default):
    files = Asked(default, "lowkey_by_extractor", "synthetic").files()
    assert "results/synthetic/recognition/pixels/comparisons.h5" in files["comparisons"]
    assert not [path for path in files["posted"] if "/pixels/" in path]


def test_an_experiment_takes_only_what_it_shows():
    shown = {"extractors": ["clip", "robust"], "attacks": ["fawkes_half", "lowkey"]}
    config = configuration({"run": {"channels": ["half"]}, "experiments": {"lowkey_by_extractor": shown}})
    asked = Asked(config, "lowkey_by_extractor", "synthetic")
    assert asked.files()["posted"] == [
        f"results/synthetic/embeddings/{extractor}/{attack}.h5"
        for extractor in ("clip", "robust")
        for attack in ("fawkes_v03", "fawkes_v10", "lowkey")
    ]
    labels = asked.labels()
    assert list(labels["attacks"]) == ["none", "fawkes_half", "lowkey"]
    assert [each["extractor"] for each in labels["recognizers"]] == ["clip", "robust"]


@pytest.mark.parametrize("experiment", ["protection", "unprotected", "systems", "defenses", "lowkey_by_extractor"])
def test_files_and_what_is_said_of_them_have_one_order(experiment):
    defenses = ["jpeg_50", "cloak_detector", "robust_training", "top_2_clip"]
    config = configuration({"run": {"channels": ["half", "jpeg90"], "defenses": defenses}})
    asked = Asked(config, experiment, "synthetic")
    files, posted, comparisons = asked.files(), [], []
    for each, told in zip(asked.recognizers, asked.told()["recognizers"], strict=True):
        models = [each.embedder, each.second] if told["second"] else [each.embedder]
        for model in models:
            comparisons.append(f"results/synthetic/recognition/{model}{each.treated}/comparisons.h5")
            for attack, channel in told["postings"]:
                # Without attack, the users' own pictures.
                name = "clean" if attack == "none" else attack
                name += "" if channel == "png" else f".{channel}"
                posted.append(f"results/synthetic/embeddings/{model}/{name}{each.treated}.h5")
    assert files["posted"] == posted
    assert files["comparisons"] == comparisons
    recognizers = asked.told()["recognizers"]
    looking = [told for told in recognizers if told["does"] and not told["second"]]
    assert len(files.get("clean", [])) == len(files.get("probes", [])) == len(looking)
    assert len(files.get("scores", [])) == sum(told["scores"] for told in recognizers)


def test_a_table_describes_two_models_as_new_as_the_newer(default):
    described = {
        (each["extractor"], each["defense"]): each
        for each in Asked(default, "systems", "synthetic").labels()["recognizers"]
    }
    together = described["magface", "top_2_clip"]
    assert (together["extractor_label"], together["released"]) == ("MagFace IR-ResNet", "2021-09-04")
    assert together["defense_label"] == default["defenses"]["top_2_clip"]["label"]
    assert described["magface", "none"]["released"] == "2021-03-11"
    pixels = Asked(default, "protection", "synthetic").labels()["recognizers"][0]
    assert (pixels["extractor_label"], pixels["released"], pixels["defense_label"]) == ("raw pixels", None, "none")


def test_what_figures_say_of_visibility_is_in_the_order_of_their_files():
    """Labels and files stand side by side, whatever the names' own order."""
    order = {"run": {"attacks": ["lowkey", "fawkes_v10", "fawkes_v03"]}}
    asked = Asked(configuration(order), "visibility", "synthetic")
    assert asked.drawn_visible()["visible"] == attacks.perturbed("synthetic", order["run"]["attacks"])
    assert asked.words()["visible"] == ["LowKey (DSSIM)", "Fawkes v1.0", "Fawkes v0.3 (mid)"]
    assert list(json.loads(as_ordered_text(asked.words()))["attacks"]) == order["run"]["attacks"]

"""Bad configurations: one clear line that names the place, and a non-zero exit."""

import copy
import datetime
from pathlib import Path

import pytest

from uncloak.configuration import load, merged, read
from uncloak.errors import InputError
from uncloak.records.files import read_yaml, refuse_repeated_keys

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = load(ROOT)


def changed(place, value):
    """Return the default configuration with `value` at the dotted `place`."""
    config = copy.deepcopy(DEFAULT)
    *path, last = place.split(".")
    entry = config
    for key in path:
        entry = entry[key]
    entry[last] = value
    return config


def test_the_default_is_valid():
    read(DEFAULT)


@pytest.mark.parametrize("path", sorted((ROOT / "resources" / "worlds").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_overlay_is_valid(path):
    below = [path.with_name("lfw.yaml")] if path.stem == "facescrub" else []  # whose extractors it takes
    read(load(ROOT, *below, path))


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("sed", 1, ["top level", "no key 'sed'", "do you mean 'seed'?"]),
        ("seed", "one", ["seed: is 'one'", "a whole number"]),
        ("seed", 2**32, ["seed: is 4294967296", "below 4294967296"]),
        ("run", [], ["run: is []", "a mapping"]),
        ("run.datasets", [], ["run.datasets: has 0 entries", "at least 1"]),
        ("run.datasets", "synthetic", ["run.datasets: is 'synthetic'", "a list"]),
        ("run.datasets", ["synthetic", "synthetic"], ["run.datasets: 'synthetic' stands twice"]),
        ("datasets.synthetic.peple", 3, ["datasets.synthetic", "no key 'peple'", "do you mean 'people'?"]),
        ("datasets.synthetic.source", "drawm", ["datasets.synthetic", "no source 'drawm'", "do you mean 'drawn'?"]),
        ("datasets.synthetic.root", "here", ["datasets.synthetic", "'root' has no place in a record of this kind"]),
        ("datasets.synthetic.split.gallery", 1.5, ["datasets.synthetic.split.gallery", "1.5", "below 1"]),
        ("datasets.synthetic.split.gallery", float("nan"), ["datasets.synthetic.split.gallery", "finite"]),
        ("datasets.synthetic.visibility", 1, ["datasets.synthetic.visibility", "true or false"]),
        ("datasets.line\nbreak", {}, ["control character"]),
        ("datasets.a-b", DEFAULT["datasets"]["public"], ["datasets: the name 'a-b'", "rename it"]),
        ("attacks.clean", DEFAULT["attacks"]["lowkey"], ["attacks.clean", "choose another"]),
        ("figures.games", DEFAULT["figures"]["lowkey_by_extractor"], ["figures.games", "choose another"]),
        ("datasets.transfer", DEFAULT["datasets"]["public"], ["datasets.transfer", "choose another"]),
        ("extractors.arcface.train.loss.name", "arcfase", ["extractors.arcface.train.loss", "do you mean 'arcface'?"]),
        ("extractors.arcface.train.loss.scal", 2.0, ["extractors.arcface.train.loss", "do you mean 'scale'?"]),
        ("extractors.arcface.network.name", "iresnt", ["extractors.arcface.network", "do you mean 'iresnet'?"]),
        ("extractors.facenet.network.width", 0, ["extractors.facenet.network.width: is 0", "at least 1"]),
        ("extractors.facenet.network", {}, ["extractors.facenet.network: names no network"]),
        ("extractors.facenet.input.size", [64, 32], ["extractors.facenet.input", "another shape than the 112 x 112"]),
        ("extractors.facenet.released", "soon", ["extractors.facenet.released", "'soon' is no date"]),
        ("extractors.facenet.released", "2021-02-30", ["extractors.facenet.released", "'2021-02-30' is no date"]),
        ("extractors.facenet.recipe", "trian", ["extractors.facenet: there is no recipe 'trian'", "'train'"]),
        ("extractors.clip.from", "clap", ["extractors.clip.from", "no extractor 'clap'", "'clip'"]),
        ("extractors.clip.from", "clip", ["extractors.clip.from", "tuned from itself"]),
        ("extractors.clip.from", "pixels", ["extractors.clip.from", "no weights to tune"]),
        ("extractors.robust.train.loss", {"name": "contrastive"}, ["extractors.robust.train.loss", "captions"]),
        ("extractors.robust.train.public.dataset", "publik", ["no dataset 'publik'", "do you mean 'public'?"]),
        ("extractors.robust.train.public.dataset", "background", ["train.public.dataset", "give it `perturb.public`"]),
        ("extractors.robust.train.public.attacks", ["glaze"], ["train.public.attacks", "no attack 'glaze'"]),
        ("extractors.robust.train.public.attacks", ["fawkes_half"], ["train.public.attacks", "is a mixture"]),
        ("extractors.robust.train.public.held_out", 360, ["train.public.held_out", "of the 360 of 'public'"]),
        ("extractors.robust.train.public.shares.clean", 0.9, ["train.public.shares", "add up to 1.7"]),
        (
            "attacks.lowkey.surrogates",
            ["arkface"],
            ["attacks.lowkey.surrogates", "no extractor 'arkface'", "'arcface'"],
        ),
        ("attacks.lowkey.surrogates", ["robust"], ["attacks.lowkey", "tuned on its own pictures", "robust <- lowkey"]),
        ("attacks.lowkey.method", "lowkee", ["attacks.lowkey.method", "no method 'lowkee'", "do you mean 'lowkey'?"]),
        ("attacks.lowkey.options.stepps", 5, ["attacks.lowkey.options", "no key 'stepps'", "do you mean 'steps'?"]),
        ("attacks.lowkey.options.alexnet", "here", ["attacks.lowkey.options", "no key 'alexnet'"]),
        ("attacks.lowkey.options.steps", 4.0, ["attacks.lowkey.options.steps: is 4.0", "a whole number"]),
        ("attacks.lowkey.options.steps", True, ["attacks.lowkey.options.steps: is True", "a whole number"]),
        ("attacks.lowkey.options.steps", 0, ["attacks.lowkey.options", "steps is 0"]),
        ("attacks.fawkes_v10.options.mode", "highest", ["attacks.fawkes_v10.options", "'highest'", "high"]),
        ("attacks.fawkes_v10.batch", 4.0, ["attacks.fawkes_v10.batch: is 4.0", "a whole number"]),
        ("attacks.fawkes_v03.targets", None, ["attacks.fawkes_v03", "say to whom by `targets`"]),
        ("attacks.fawkes_v03.targets.dataset", "public", ["attacks.fawkes_v03.targets.dataset", "no background"]),
        ("attacks.fawkes_half.shares", {"lowkey": 0.5, "fawkes_v03": 0.6}, ["fawkes_half", "1.1"]),
        ("attacks.fawkes_half.shares", {"fawkes_half": 0.5, "lowkey": 0.5}, ["is a mixture itself"]),
        (
            "attacks.lowkey.shares",
            {"fawkes_v03": 0.5, "fawkes_v10": 0.5},
            ["attacks.lowkey", "'shares' has no place in a record of this kind"],
        ),
        ("attacks.lowkey.targets", {"choice": "nearest"}, ["attacks.lowkey.targets", "no choice 'nearest'"]),
        ("attacks.lowkey.photograph", {"frame": "oval"}, ["attacks.lowkey.photograph.frame", "'oval'"]),
        ("attacks.lowkey.photograph", {"frame": "box"}, ["attacks.lowkey.photograph.frame", "choose aligned"]),
        ("attacks.lowkey.photograph", {}, ["extractors.robust.train.public.attacks", "'lowkey' perturbs whole photo"]),
        ("attacks.lowkey.options.ensemble", "three", ["attacks.lowkey.options", "'three'"]),
        ("channels.jpeg75.steps", [{"method": "jpeg", "quality": 101}], ["channels.jpeg75.steps.0.quality: is 101"]),
        ("channels.jpeg75.steps", [{"method": "fax"}], ["channels.jpeg75.steps.0", "no method 'fax'"]),
        ("run.channels", ["fax"], ["run.channels", "no channel 'fax'", "jpeg75"]),
        ("run.attacks", ["glaze"], ["run.attacks", "no attack 'glaze'", "lowkey"]),
        ("run.datasets", ["background"], ["run.datasets", "no photographs"]),
        ("datasets.second_world.attacks", ["glaze"], ["datasets.second_world.attacks", "no attack 'glaze'"]),
        ("datasets.public.perturb.public.identities", {"lowkey": 361}, ["361 identities", "360 have the role public"]),
        ("datasets.synthetic.perturb", {}, ["datasets.synthetic", "give it `perturb.detector`"]),
        ("datasets.synthetic.split.roles.user", 25, ["datasets.synthetic.split.roles.user", "24 identities have 15"]),
        ("datasets.synthetic.split.roles.public", 90, ["datasets.synthetic.split.roles", "155 identities", "100"]),
        ("datasets.synthetic.split.roles.detector", 20, ["detectors.fawkes.identities", "45 identities", "20"]),
        ("datasets.synthetic.split.user_minimum_pictures", 2, ["user_minimum_pictures", "no probe"]),
        ("detectors.lowkey.attacks", ["glaze"], ["detectors.lowkey.attacks", "no attack 'glaze'"]),
        ("detectors.lowkey.attacks", ["fawkes_v03"], ["detectors.lowkey.attacks", "not among experiments.detection"]),
        ("detectors.lowkey.weights", "imagenet", ["detectors.lowkey", "width 1, not 0.35"]),
        ("objects.source", "folder", ["objects", "has no 'root'"]),
        ("objects.root", "here", ["objects", "'root' has no place in a record of this kind"]),
        ("transfer.surrogates", ["vgg", "missing"], ["transfer.surrogates", "no image classifier 'missing'"]),
        ("transfer.surrogates", ["wide_resnet"], ["transfer.surrogates", "not among transfer.image_classifiers"]),
        ("transfer.attack.step", 3, ["transfer.attack", "no key 'step'", "do you mean 'steps'?"]),
        ("image_classifiers.vgg.network.name", "vggg", ["image_classifiers.vgg.network", "do you mean 'vgg'?"]),
        ("image_classifiers.vgg.train", None, ["image_classifiers.vgg", "neither `train` nor `weights`"]),
        ("experiments.adaptive.robust", "strong", ["experiments.adaptive.robust", "no extractor 'strong'"]),
        ("experiments.adaptive.robust", "magface", ["experiments.adaptive.robust", "`train.public`"]),
        ("experiments.adaptive.trained_on", {"glaze": "robust"}, ["experiments.adaptive.trained_on", "'glaze'"]),
        ("experiments.adapt", {}, ["experiments", "no key 'adapt'", "do you mean 'adaptive'?"]),
        ("experiments.detection.detectors", ["both"], ["experiments.detection.detectors", "no detector 'both'"]),
        ("experiments.detection.attacks", ["fawkes_half"], ["experiments.detection.attacks", "is a mixture"]),
        ("experiments.classifiers.robust", "clip", ["experiments.classifiers.robust", "`train.public`"]),
        ("experiments.collusion.attacks", ["fawkes_v10"], ["experiments.collusion.attacks", "choice: partner"]),
        ("experiments.claims.published", ["radiya"], ["experiments.claims.published", "no table 'radiya'"]),
        (
            "experiments.claims.counterparts.dataset.PubFig.ours",
            "second_word",
            ["experiments.claims.counterparts.dataset.PubFig.ours", "do you mean 'second_world'?"],
        ),
        (
            "experiments.systems.systems.magface_clip.robust",
            "clap",
            ["experiments.systems.systems.magface_clip.robust", "no extractor 'clap'"],
        ),
        (
            "experiments.systems.systems.clip",
            {"label": "both", "accurate": "magface", "robust": "robust"},
            ["experiments.systems.systems.clip", "an extractor is called 'clip', too"],
        ),
        ("experiments.systems.share", 2, ["experiments.systems.share: is 2", "at most 1"]),
        ("datasets.synthetic.label", "us</script><script>", ["datasets.synthetic.label: has '</' in it", "report"]),
        ("datasets.synthetic.label", "drawn {faces}", ["datasets.synthetic.label: has a brace in it", "wildcard"]),
        ("datasets.synthetic.label", "drawn\tfaces", ["datasets.synthetic.label: has the control character '\\t'"]),
        ("datasets.synthetic.label", "", ["datasets.synthetic.label: is empty"]),
        ("datasets.synthetic.note", "a <SCRIPT", ["datasets.synthetic.note: has '<SCRIPT' in it"]),
    ],
)
def test_a_fault_is_named_in_one_line(place, value, words):
    with pytest.raises(InputError) as caught:
        read(changed(place, value))
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize("value", [datetime.date(2021, 1, 19), {1: 2}, b"bytes", [{None: 1}]])
def test_what_text_cannot_hold_is_told_in_one_line(value):
    with pytest.raises(InputError, match=r"^config: datasets\.synthetic\.note.*in quotes$"):
        read(changed("datasets.synthetic.note", value))


def test_what_is_null_is_struck_out():
    config = copy.deepcopy(DEFAULT)
    config["figures"]["lowkey_by_extractor"] = None
    config["experiments"]["collusion"] = None
    config["attacks"]["fawkes_v10_collusion"] = None
    config["detectors"]["lowkey"]["schedule"] = None
    checked = read(config)
    assert "lowkey_by_extractor" not in checked.figures
    assert checked.experiments.collusion is None
    assert checked.detectors["lowkey"].schedule == "constant"
    # Rules look into every experiment; one that is struck out is made on no dataset.
    assert checked.as_mapping()["experiments"]["collusion"] == {"datasets": [], "systems": {}, "attacks": []}
    assert config["experiments"]["collusion"] is None  # what is read is not changed


def test_what_names_a_record_that_is_struck_out_is_told():
    with pytest.raises(
        InputError, match=r"^config: attacks.fawkes_v03.surrogates: .*'facenet' \(an overlay strikes it"
    ):
        read(merged(DEFAULT, {"extractors": {"facenet": None}, "run": {"extractors": ["clip"]}}))


def test_records_that_compute_have_a_precision():
    checked = read(changed("attacks.fawkes_v10.precision", "float32"))
    assert checked.attacks["fawkes_v10"].precision == "float32"
    assert checked.detectors["fawkes"].precision == "float32"  # as its record says
    assert checked.extractors["clip"].train.precision == checked.attacks["lowkey"].precision == "auto"
    assert checked.as_mapping()["image_classifiers"]["vgg"]["train"]["precision"] == "auto"
    assert checked.as_mapping()["experiments"]["classifiers"]["end_to_end"]["precision"] == "auto"


def test_the_mapping_is_what_was_read():
    mapping = read(DEFAULT).as_mapping()
    assert set(mapping) == set(DEFAULT)
    assert mapping["datasets"] == DEFAULT["datasets"]
    assert mapping["channels"] == DEFAULT["channels"]
    assert mapping["extractors"]["pixels"] == DEFAULT["extractors"]["pixels"]


def test_a_new_extractor_of_the_run_is_taken_by_all_that_name_none():
    before = read(DEFAULT)
    assert before.experiments.unprotected.extractors == ("arcface", "magface", "clip")  # pixels have nothing to fool
    run = [*DEFAULT["run"]["extractors"], "clip_pretrained"]
    after = read(merged(DEFAULT, {"run": {"extractors": run}}))
    for takes in (
        lambda config: config.experiments.unprotected,
        lambda config: config.experiments.ranks,
        lambda config: config.figures["fawkes_by_extractor"],
        lambda config: config.figures["lowkey_by_extractor"],
    ):
        assert takes(after).extractors == (*takes(before).extractors, "clip_pretrained")
        assert takes(after).attacks == takes(before).attacks
    assert "without" not in after.as_mapping()["figures"]["lowkey_by_extractor"]


def test_an_experiment_takes_what_its_datasets_evaluate_and_leaves_out_what_it_says():
    ranks = {"datasets": ["second_world"], "without": {"attacks": ["lowkey"], "extractors": ["clip"]}}
    checked = read(merged(DEFAULT, {"experiments": {"ranks": ranks}}))
    assert checked.experiments.ranks.extractors == ("arcface", "magface", "robust")
    assert checked.experiments.ranks.attacks == ("fawkes_v10",)
    alone = read(merged(DEFAULT, {"run": {"extractors": ["facenet"], "attacks": ["fawkes_v03"]}}))
    assert alone.experiments.unprotected.extractors == ("facenet",)  # left out, but for being the only one
    assert alone.experiments.unprotected.attacks == ("fawkes_v03",)
    named = read(merged(DEFAULT, {"experiments": {"ranks": {**ranks, "extractors": ["clip"]}}}))
    assert named.experiments.ranks.extractors == ("clip",)


@pytest.mark.parametrize("place", ["figures.lowkey_by_extractor", "experiments.ranks"])
def test_what_is_left_out_is_known(place):
    with pytest.raises(InputError, match=rf"^config: {place}\.without\.extractors: there is no extractor 'clap'"):
        read(changed(f"{place}.without", {"extractors": ["clap"]}))


def test_an_overlay_changes_the_record_it_names_and_no_other(tmp_path):
    # The records of both share a mapping by a YAML anchor.
    (tmp_path / "overlay.yaml").write_text("image_classifiers: {vgg: {train: {iterations: 3}}}")
    found, default = load(ROOT, tmp_path / "overlay.yaml")["image_classifiers"], DEFAULT["image_classifiers"]
    assert found["vgg"]["train"] == default["vgg"]["train"] | {"iterations": 3}
    assert found["googlenet"]["train"] == default["googlenet"]["train"]


def test_a_key_that_stands_twice_is_told_in_one_line(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("base: &base {batch: 2}\nattacks:\n  lowkey: {<<: *base, batch: 4}\n  pgd: *base\n")
    assert read_yaml(overlay)["attacks"]["lowkey"] == {"batch": 4}  # as merge keys do
    overlay.write_text("attacks:\n  lowkey:\n    batch: 4\n    batch: 8\n")
    for reader in (read_yaml, lambda path: refuse_repeated_keys([path])):
        with pytest.raises(
            InputError, match=r"overlay.yaml: attacks.lowkey.batch: .* twice, in lines 3 and 4; keep one$"
        ):
            reader(overlay)


@pytest.mark.parametrize(
    "text", ["a: [", "- a", "a: \t- b\n\tc", "[*b]", "text", "? {a: b}\n: c", "!!python/object:x {}"]
)
def test_a_file_that_is_no_mapping_is_told_in_one_line(tmp_path, text):
    (tmp_path / "overlay.yaml").write_text(text)
    with pytest.raises(InputError, match=r"^[^\n]*overlay.yaml: [^\n]*; [^\n]*$"):
        read_yaml(tmp_path / "overlay.yaml")


def test_the_shipped_files_have_no_key_twice_and_config_yaml_is_short():
    refuse_repeated_keys([*(ROOT / "resources").glob("*/*.yaml"), *(ROOT / "tests").glob("*.yaml")])
    assert len((ROOT / "config.yaml").read_text().splitlines()) <= 70

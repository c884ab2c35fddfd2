"""Bad configurations: one clear line that names the place, and a non-zero exit."""

import copy
import datetime
from pathlib import Path

import pytest

from uncloak.configuration import load, merged, read
from uncloak.errors import InputError
from uncloak.plan.classifiers import end_to_end_record

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = load(ROOT)


ME = {"root": "me", "layout": "person"}
FOLDER = {
    **{"label": "mine", "minimum_size": 40, "duplicate_distance": 4, "face_size": 112},
    "alignment": {"face_detector": "mtcnn"},
    "split": {"gallery": 0.7, "minimum_pictures": 4, "too_few": "drop", "user_minimum_pictures": 4},
}


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


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("sed", 1, ["top level", "no key 'sed'", "do you mean 'seed'?"]),
        ("seed", "one", ["seed: is 'one'", "a whole number"]),
        ("seed", 2**32, ["seed: is 4294967296", "below 4294967296"]),
        ("run", [], ["run: is []", "a mapping"]),
        ("clean", "", ["config: clean: is empty"]),
        ("clean", {}, ["config: clean: is {}", "must be text"]),
        ("cloaked", {"a b": "x"}, ["config: cloaked: the name 'a b'", "rename it"]),
        ("cloaked", ["x", ""], ["config: cloaked.1: is empty"]),
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
        ("defenses.none", DEFAULT["defenses"]["jpeg_50"], ["defenses.none", "choose another"]),
        ("datasets.transfer", DEFAULT["datasets"]["public"], ["datasets.transfer", "choose another"]),
        ("extractors.arcface.train.loss.name", "arcfase", ["extractors.arcface.train.loss", "do you mean 'arcface'?"]),
        ("extractors.arcface.train.loss.scal", 2.0, ["extractors.arcface.train.loss", "do you mean 'scale'?"]),
        ("extractors.arcface.network.name", "iresnt", ["extractors.arcface.network", "do you mean 'iresnet'?"]),
        ("extractors.facenet.network.width", 0, ["extractors.facenet.network.width: is 0", "at least 1"]),
        ("extractors.facenet.network", {}, ["extractors.facenet.network: names no network"]),
        ("extractors.facenet.input.size", [64, 32], ["extractors.facenet.input", "another shape than the 112 x 112"]),
        (
            "extractors.facenet.input.template",
            "arcfase",
            ["extractors.facenet.input.template", "do you mean 'arcface'?"],
        ),
        ("extractors.facenet.input.template", None, ["extractors.facenet.input: has no template", "or a box"]),
        ("extractors.facenet.input.template", [[1, 2]] * 4, ["extractors.facenet.input.template: has 4 entries"]),
        ("extractors.facenet.input.template", [[9, 9]] * 5, ["facenet.input: its points are not those of an upright"]),
        ("extractors.facenet.input.template", [[1, "a"]] * 5, ["facenet.input.template.0.1: is 'a'", "a number"]),
        ("extractors.facenet.input.box", [0, 0, 112, 112], ["facenet.input: has both a template and a box"]),
        ("extractors.facenet.input.box", [0, 0, 112], ["facenet.input.box: has 3 entries"]),
        ("extractors.facenet.input.margin", 64, ["facenet.input: margin 64 leaves nothing of 64 x 64"]),
        ("datasets.synthetic.margin", -1, ["datasets.synthetic.margin: is -1", "at least 0"]),
        ("datasets.synthetic.margin", 8, ["attacks.fawkes_v03.targets", "margin of 0, those to perturb 8"]),
        ("datasets.public.margin", 8, ["64 pixels with margin 8, those of 'background' 64 pixels;", "size and margin"]),
        ("attacks.lowkey.preparation", {"size": 64, "merge": "original"}, ["attacks.lowkey.preparation", "a stretch"]),
        ("extractors.facenet.released", "soon", ["extractors.facenet.released", "'soon' is no date"]),
        ("extractors.facenet.released", "2021-02-30", ["extractors.facenet.released", "'2021-02-30' is no date"]),
        ("extractors.facenet.recipe", "trian", ["extractors.facenet: there is no recipe 'trian'", "'train'"]),
        ("extractors.clip.from", "clap", ["extractors.clip.from", "no extractor 'clap'", "'clip'"]),
        ("extractors.clip.from", "clip", ["extractors.clip.from", "made from itself (clip <- clip)"]),
        ("extractors.clip.from", "pixels", ["extractors.clip.from", "has no weights"]),
        ("extractors.clip.to", "clap", ["extractors.clip.to", "no extractor 'clap'", "'clip'"]),
        ("extractors.clip.to", "facenet", ["extractors.clip.to", "another network or input each"]),
        ("extractors.clip.alpha", 1.5, ["extractors.clip.alpha"]),
        ("extractors.clip_tuned.from", "clip", ["made from itself (clip_tuned <- clip <- clip_tuned)"]),
        ("extractors.clip_pretrained.train.loss.texts", "names", ["train.loss.texts", "captions, users"]),
        (
            "extractors.robust.train.loss",
            {"name": "contrastive"},
            ["extractors.robust.train.loss", "public identities"],
        ),
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
        ("attacks.tip_im.targets", None, ["attacks.tip_im", "moves pictures towards somebody"]),
        ("attacks.opom.photograph", {}, ["attacks.opom.photograph", "all face crops of a user; remove `photograph`"]),
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
        ("datasets.synthetic.split.roles.user", None, ["datasets.synthetic.split: there are no users", "`users`"]),
        ("datasets.synthetic.split.users", ["Ann"], ["datasets.synthetic.split: `users` names", "`user: null`"]),
        ("datasets.synthetic.split.users", ["Ann", "Ann"], ["datasets.synthetic.split.users", "'Ann' stands twice"]),
        ("datasets.synthetic.split.users", [], ["datasets.synthetic.split.users", "at least 1"]),
        ("datasets.synthetic.split.roles.distractor", 60, ["datasets.synthetic.split.roles", "125 identities"]),
        ("datasets.synthetic.split.roles.distractors", 1, ["do you mean 'distractor'?"]),
        ("datasets.synthetic.split.roles.public", 90, ["datasets.synthetic.split.roles", "155 identities", "100"]),
        ("datasets.synthetic.split.roles.detector", 20, ["detectors.fawkes.identities", "45 identities", "20"]),
        ("datasets.synthetic.split.user_minimum_pictures", 2, ["user_minimum_pictures", "no probe"]),
        ("detectors.lowkey.attacks", ["glaze"], ["detectors.lowkey.attacks", "no attack 'glaze'"]),
        ("detectors.lowkey.attacks", ["fawkes_v03"], ["detectors.lowkey.attacks", "'fawkes_v03' is not among"]),
        ("detectors.lowkey.weights", "imagenet", ["detectors.lowkey", "width 1, not 0.35"]),
        ("objects.source", "folder", ["objects", "has no 'root'"]),
        ("objects.root", "here", ["objects", "'root' has no place in a record of this kind"]),
        ("cloaked", "folder", ["config: cloaked: is for the audit", "`clean`"]),
        ("missing", "drop", ["config: missing: is for the audit"]),
        ("audit.channels", ["fax"], ["audit.channels: there is no channel 'fax'"]),
        ("audit.cloaks.lowkey.surrogates", ["arkface"], ["audit.cloaks.lowkey.surrogates", "no extractor 'arkface'"]),
        ("datasets.synthetic.pictures_of", "synthetic", ["pictures_of: 'synthetic' has the faces of 'synthetic'"]),
        ("datasets.synthetic.pictures_of", "background", ["pictures_of: 'background' has no photographs"]),
        ("datasets.synthetic.alignment.face_detector", "none", ["synthetic.alignment: minimum_face is for faces"]),
        ("attacks.lowkey.preparation", {"size": 64, "times": 2}, ["lowkey.preparation: times 2 stretches twice"]),
        ("attacks.lowkey.photograph", {"stretch": "max"}, ["photograph: stretch is that of merge 'original'"]),
        (
            "attacks.fawkes_v10.photograph",
            {"frame": "box", "warp": "exact"},
            ["warp is of frame 'aligned'"],
        ),
        ("attacks.fawkes_v10.photograph", {"warp": "exact"}, ["fawkes_v10.photograph.warp", "not Fawkes; remove it"]),
        ("run.experiments", ["seeds", "channels"], ["run.experiments: none of seeds, channels can be made"]),
        ("image_classifiers.resnet.network.attention", "sea", ["attention: is 'sea'; do you mean 'se'?"]),
        ("extractors.dlib_resnet.weights.file", "..", ["weights.file: '..' names no file"]),
        ("defenses.denoiser.options.features", ["arcface"] * 2, ["options.features: 'arcface' stands twice"]),
        ("x" * 300, 1, ["top level: there is no key 'xxx", "xxx...'"]),
        ("transfer.surrogates", ["vgg", "missing"], ["transfer.surrogates", "no image classifier 'missing'"]),
        ("transfer.surrogates", ["wide_resnet"], ["transfer.surrogates", "not among transfer.image_classifiers"]),
        ("transfer.attack.step", 3, ["transfer.attack", "no key 'step'", "do you mean 'steps'?"]),
        ("image_classifiers.vgg.network.name", "vggg", ["image_classifiers.vgg.network", "do you mean 'vgg'?"]),
        ("image_classifiers.vgg.train", None, ["image_classifiers.vgg", "neither `train` nor `weights`"]),
        ("run.defenses", ["jpeg"], ["run.defenses", "no defense 'jpeg'", "do you mean 'jpeg_50'?"]),
        ("run.experiments", ["rank"], ["run.experiments", "no experiment 'rank'", "do you mean 'ranks'?"]),
        ("run.extractors", ["pixels"], ["experiments.protection.extractors", "raw pixels alone", "run.extractors"]),
        # Also where a figure is drawn from a table that has others.
        ("experiments.lifetime.extractors", ["pixels"], ["experiments.lifetime.extractors", "raw pixels alone"]),
        ("experiments.ranks.extractors", ["pixels"], ["experiments.ranks.extractors", "raw pixels alone"]),
        ("defenses.jpeg_50.method", "jpg", ["defenses.jpeg_50.method", "no defense 'jpg'", "do you mean 'jpeg'?"]),
        ("defenses.jpeg_50.options.quality", 0, ["defenses.jpeg_50.options", "quality is 0"]),
        ("defenses.jpeg_50.options.sigma", 1.0, ["defenses.jpeg_50.options", "no key 'sigma'"]),
        ("defenses.top_2_clip.probes", True, ["defenses.top_2_clip", "`probes` is for defenses that treat faces"]),
        ("defenses.small_probes.probes", False, ["defenses.small_probes", "neither scraped faces nor probes"]),
        ("defenses.top_2_clip.options", {}, ["defenses.top_2_clip.options", "has no 'second'"]),
        ("defenses.top_2_clip.options.second", "clap", ["defenses.top_2_clip.options.second", "no extractor 'clap'"]),
        ("defenses.threshold_clip.options.share", 2.0, ["defenses.threshold_clip.options", "share is 2.0"]),
        ("defenses.cloak_detector.options.detectors", ["glaze"], ["cloak_detector.options.detectors", "'glaze'"]),
        ("defenses.robust_training.options.extractors", {"arcface": "strong"}, ["robust_training.options.extractors"]),
        ("defenses.robust_training.options.extractors", {"arkface": "robust"}, ["no extractor 'arkface'"]),
        ("defenses.robust_training.options.extractors", {"arcface": "magface"}, ["'magface' is not tuned on public"]),
        ("experiments.adapt", {}, ["experiments.adapt.method", "no experiment 'adapt'", "do you mean 'adaptive'?"]),
        ("experiments.ranks.extractor", ["clip"], ["experiments.ranks", "do you mean 'extractors'?"]),
        ("experiments.ranks.datasets", ["syntetic"], ["experiments.ranks.datasets", "do you mean 'synthetic'?"]),
        ("experiments.ranks.without", {"extractors": ["clap"]}, ["experiments.ranks.without.extractors", "'clap'"]),
        ("experiments.ranks.options", {"k": 3}, ["experiments.ranks.options", "no key 'k'"]),
        ("experiments.ranks.defenses", ["jpeg_50"], ["experiments.ranks.defenses", "treats faces", "leave it out"]),
        (
            "experiments.surrogates",
            {"attacks": ["lowkey", "fawkes_v10"]},
            ["experiments.surrogates.attacks", "'lowkey' has 2 surrogates"],
        ),
        ("experiments.games.defenses", ["robust_training"], ["experiments.games.defenses", "another extractor"]),
        ("experiments.adaptive.defenses", ["top_2_clip"], ["experiments.adaptive.defenses", "asks two extractors"]),
        ("experiments.classifiers.defenses", ["blur_1"], ["experiments.classifiers.defenses", "treats faces"]),
        ("experiments.classifiers.extractors", ["pixels"], ["experiments.classifiers.extractors"]),
        ("experiments.classifiers.options.iterations", None, ["experiments.classifiers.options", "'iterations'"]),
        ("experiments.classifiers.options.users", 0, ["experiments.classifiers.options", "users is 0"]),
        (
            "experiments.more_classifiers",
            {
                **DEFAULT["experiments"]["classifiers"],
                "method": "classifiers",
                "options": {"users": 1, "iterations": 1},
            },
            ["experiments.more_classifiers.options", "'classifiers' of the same method"],
        ),
        (
            "experiments.training_matrix.extractors",
            ["arcface", "magface"],
            ["experiments.training_matrix.extractors", "arcface, magface; name one"],
        ),
        ("experiments.systems.defenses", ["jpeg_50"], ["experiments.systems.defenses", "treats faces", "leave it out"]),
        ("experiments.collusion.defenses", ["robust_training"], ["collusion.defenses", "takes another extractor"]),
        ("experiments.public.defenses", ["top_2_clip"], ["experiments.public.defenses", "asks two extractors"]),
        ("experiments.unprotected.options.pictures", [1, 2], ["experiments.unprotected.options", "0 among them"]),
        ("experiments.systems.paper", {"world": "Figure 6"}, ["experiments.systems.paper", "no dataset 'world'"]),
        ("experiments.ranks.paper", 7, ["experiments.ranks.paper: is 7", "must be text"]),
        ("experiments.ranks.paper", {"synthetic": 7}, ["experiments.ranks.paper.synthetic: is 7", "must be text"]),
        ("experiments.protection", None, ["experiments.lifetime", "'protection', which is struck out"]),
        ("experiments.protection.method", "ranks", ["experiments.protection.method", "'lifetime' is drawn from"]),
        ("experiments.protection.without", {"attacks": ["lowkey"]}, ["experiments.lifetime.attacks", "'lowkey'"]),
        ("experiments.visibility.extractors", ["clip_30"], ["experiments.visibility.extractors", "take it"]),
        (
            "attacks.lowkey.options.steps",
            10**22,
            ["options.steps: is 10000000000000000000000; it must be at most 1000000000"],
        ),
        ("experiments.claims.options.published", ["shan-2020"] * 2, ["options.published: 'shan-2020' stands twice"]),
        ("experiments.everyday_grid.options.gallery", [0], ["experiments.everyday_grid.options", "gallery must be"]),
        ("experiments.everyday_grid.options.choices", 0, ["experiments.everyday_grid.options", "choices is 0"]),
        ("experiments.everyday_grid.options.channels", ["jpeg57"], ["options.channels", "no 'jpeg57'", "'jpeg75'"]),
        ("experiments.everyday_grid.options.channels", ["half"] * 2, ["options", "twice"]),
        ("experiments.games.options.users", {"A": ["glaze"]}, ["experiments.games.options.users.A", "no attack"]),
        ("experiments.games.options.users", {"A": ["lowkey"] * 2}, ["users.A: 'lowkey' stands twice"]),
        ("experiments.games.options.users", {}, ["experiments.games.options", "there are none"]),
        ("experiments.detection.options.detectors", ["both"], ["detection.options.detectors", "no detector 'both'"]),
        ("experiments.detection.options.threshold", 1.0, ["experiments.detection.options", "threshold is 1.0"]),
        ("experiments.detection.attacks", ["fawkes_half"], ["experiments.detection.attacks", "is a mixture"]),
        ("experiments.detection.datasets", None, ["datasets.second_world", "give it `perturb.detector`"]),
        ("experiments.collusion.attacks", ["fawkes_v10"], ["experiments.collusion.attacks", "choice: partner"]),
        ("experiments.collusion.options.detector", "fawkes", ["collusion.options.detector", "'fawkes' is no defense"]),
        ("experiments.collusion.defenses", ["top_2_clip"], ["collusion.defenses", "'top_2_clip' is no confidence"]),
        (
            "experiments.claims.options.published",
            ["radiya"],
            ["experiments.claims.options.published", "no table 'radiya'"],
        ),
        (
            "experiments.claims.options.counterparts.dataset.PubFig.ours",
            "second_word",
            ["experiments.claims.options.counterparts.dataset.PubFig.ours", "do you mean 'second_world'?"],
        ),
        (
            "experiments.claims.options.counterparts.attack.LowKey.ours",
            "lowkey.jpeg57",
            ["experiments.claims.options.counterparts.attack.LowKey.ours", "do you mean 'lowkey.jpeg75'?"],
        ),
        (
            "experiments.claims.options.counterparts.classifier.not read.ours",
            "nearest neighbour",
            ["counterparts.classifier.not read.ours", "do you mean 'nearest neighbor'?"],
        ),
        (
            "experiments.claims.options.counterparts.extractor.CLIP",
            {"ours": "clip"},
            ["experiments.claims.options", "counterparts.extractor.CLIP needs `ours` and `differs`"],
        ),
        ("datasets.synthetic.label", "us</script><script>", ["datasets.synthetic.label: has '</' in it", "report"]),
        ("datasets.synthetic.label", "drawn {faces}", ["datasets.synthetic.label: has a brace in it", "wildcard"]),
        ("data", "/data/{mine}", ["data: has a brace in it", "rename the folder, or name a link to it"]),
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
    config["experiments"]["collusion"] = None
    config["experiments"]["giveaway"] = None
    config["attacks"]["fawkes_v10_collusion"] = None
    config["defenses"]["half_size"] = None
    config["detectors"]["lowkey"]["schedule"] = None
    config["run"]["experiments"] = None
    checked = read(config)
    assert checked.detectors["lowkey"].schedule == "constant"
    assert checked.run.experiments is None
    assert "collusion" not in checked.experiments
    assert "half_size" not in checked.defenses
    assert "collusion" not in checked.as_mapping()["experiments"]
    assert config["experiments"]["collusion"] is None  # what is read is not changed


@pytest.mark.parametrize("kind", ["channels", "image_classifiers", "detectors", "defenses"])
def test_a_kind_that_is_struck_out_has_no_records(kind):
    """Rules ask for the names of each kind, and a run without figures needs none of these."""
    empty = {"experiments": None, "transfer": {"image_classifiers": []}, "defenses": {"cloak_detector": None}}
    config = merged(DEFAULT, {**empty, "run": {"channels": [], "defenses": [], "experiments": []}})
    assert read({**config, kind: None}).as_mapping()[kind] == {}


def test_what_names_a_record_that_is_struck_out_is_told():
    struck = {"extractors": {"facenet": None}, "datasets": {"second_world": {"extractors": ["clip"]}}}
    said = r"^config: extractors.robust_facenet.from: .*'facenet' \(an overlay strikes it"
    with pytest.raises(InputError, match=said):
        read(merged(DEFAULT, {**struck, "run": {"extractors": ["clip"]}}))


def test_records_that_compute_have_a_precision():
    checked = read(changed("attacks.fawkes_v10.precision", "float32"))
    assert checked.attacks["fawkes_v10"].precision == "float32"
    assert checked.detectors["fawkes"].precision == "float32"  # as its record says
    assert checked.extractors["clip_tuned"].train.precision == checked.attacks["lowkey"].precision == "auto"
    assert checked.as_mapping()["image_classifiers"]["vgg"]["train"]["precision"] == "auto"
    # Of an experiment, by the plan: its options are its method's alone.
    assert end_to_end_record(checked.as_mapping(), "synthetic")["precision"] == "auto"


def test_an_experiment_has_the_method_that_it_is_called_by():
    mapping = read(DEFAULT).as_mapping()["experiments"]
    assert mapping["ranks"]["method"] == "ranks"
    assert mapping["lowkey_by_extractor"]["method"] == "by_extractor"


def test_verification_with_too_few_people_is_told_and_nothing_else_with_it():
    few = {"datasets": {"second_world": {"people": 21, "split": {"roles": {"user": 20}}}}}
    read(merged(DEFAULT, few))
    with pytest.raises(InputError, match=r"^config: experiments\.verification\.datasets: of 'second_world', 1 people"):
        read(merged(DEFAULT, {**few, "experiments": {"verification": {"datasets": ["second_world"]}}}))


def test_verification_needs_a_stranger_with_probes():
    few = {"people": 22, "split": {"roles": {"user": 19, "distractor": 3}}}
    config = merged(DEFAULT, {"experiments": {"verification": {"datasets": ["second_world"]}}})
    with pytest.raises(InputError, match=r"of 'second_world', 3 people .* 3 of them without probes"):
        read(merged(config, {"datasets": {"second_world": few}}))
    few["split"]["roles"]["distractor"] = 2
    read(merged(config, {"datasets": {"second_world": few}}))


def test_users_are_named_in_place_of_a_lot():
    split = {"users": [f"person_{i:04d}" for i in range(19)], "roles": {"user": None}}
    few = {"people": 20, "split": split}
    checked = read(merged(DEFAULT, {"datasets": {"second_world": few}}))
    assert checked.datasets["second_world"].split.people("user") == 19
    split["users"] = [f"person_{i:04d}" for i in range(21)]
    with pytest.raises(
        InputError, match=r"datasets\.second_world\.split\.roles: 21 identities are to have roles, but 20"
    ):
        read(merged(DEFAULT, {"datasets": {"second_world": few}}))
    partners = {"run": {"attacks": ["fawkes_v10_collusion"]}, "datasets": {"synthetic": {"split": {**split}}}}
    partners["datasets"]["synthetic"]["split"]["users"] = ["person_0000"]
    with pytest.raises(InputError, match=r"a partner is another user, but 'synthetic' has one; let it have more"):
        read(merged(DEFAULT, partners))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("folders", None, r"datasets\.mine: has no 'folders'; add it"),
        ("folders", {}, r"datasets\.mine\.folders: has 0 entries; give at least 1"),
        ("folders", {"a b": {"root": "a", "layout": "folder"}}, r"folders: the name 'a b' has other characters"),
        ("folders", {"me": {"root": "me"}}, r"datasets\.mine\.folders\.me: has no 'layout'; add it"),
        ("folders", {"me": {**ME, "layout": "persons"}}, r"folders\.me\.layout: is 'persons'; do you mean 'person'\?"),
        ("folders", {"me": {**ME, "role": "distractors"}}, r"folders\.me\.role: .*do you mean 'distractor'\?"),
        ("folders", {"me": {**ME, "fetch": "lwf"}}, r"folders\.me\.fetch: .*do you mean 'lfw'\?"),
        ("folders", {"me": {**ME, "without": [7]}}, r"folders\.me\.without\.0: is 7; it must be text"),
        ("root", "me", r"datasets\.mine: 'root' has no place in a record of this kind"),
    ],
)
def test_faults_of_joined_datasets_are_named_in_one_line(place, value, message):
    joined = {"me": ME, "crowd": {"root": "lfw", "fetch": "lfw", "layout": "folder", "role": "distractor"}}
    mine = {**FOLDER, "source": "joined", "folders": joined, "split": {**FOLDER["split"], "users": ["me"]}}
    config = merged(DEFAULT, {"datasets": {"mine": mine}})
    assert read(config).datasets["mine"].folders["crowd"].role == "distractor"
    config["datasets"]["mine"] = {**mine, place: value}
    with pytest.raises(InputError, match=message):
        read(config)


def test_attacks_of_one_label_and_surrogate_are_told():
    config = changed("experiments.surrogates", {"attacks": ["fawkes_v10", "fawkes_v10_low"]})
    assert "surrogates" in read(config).experiments
    config["attacks"]["fawkes_v10_low"]["label"] = config["attacks"]["fawkes_v10"]["label"]
    with pytest.raises(InputError, match=r"surrogates\.attacks: 'fawkes_v10' and 'fawkes_v10_low' have the same label"):
        read(config)


def test_the_mapping_is_what_was_read():
    mapping = read(DEFAULT).as_mapping()
    assert set(mapping) == set(DEFAULT)
    assert mapping["datasets"] == DEFAULT["datasets"]
    assert mapping["channels"] == DEFAULT["channels"]
    assert mapping["extractors"]["pixels"] == DEFAULT["extractors"]["pixels"]


def test_an_experiment_of_which_no_record_speaks_is_its_folder(monkeypatch):
    bare = merged(DEFAULT, {})
    bare["experiments"] = {name: record for name, record in DEFAULT["experiments"].items() if name != "channels"}
    assert read(bare).as_mapping()["experiments"]["channels"] == {"method": "channels"}
    # One that another record asks, one whose options must be given, and one that is struck out do not come back.
    bare["experiments"] = {
        name: record for name, record in bare["experiments"].items() if name not in ("games", "lifetime", "claims")
    }
    bare["experiments"] |= {"lives": {"method": "lifetime"}, "contact_sheet": None}
    known = read(bare).as_mapping()["experiments"]
    assert not {"games", "lifetime", "claims", "contact_sheet"} & set(known)


def test_options_that_are_a_list_are_refused_in_one_line():
    config = load(ROOT)
    config["attacks"]["fawkes_v10"]["options"] = []
    with pytest.raises(InputError, match=r"attacks\.fawkes_v10\.options: is") as caught:
        read(config)
    assert "\n" not in str(caught.value)

"""What an audit is told: whose photographs, among whom, with which extractors; and what is wrong, in one line."""

import json

import pytest
from configurations import configuration

from uncloak import paths
from uncloak.errors import InputError
from uncloak.plan import audit


@pytest.fixture
def config(default, tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "lfw" / "Ann").mkdir(parents=True)
    return {**default, "weights": str(tmp_path / "weights"), "data": str(tmp_path), "clean": "mine", "cloaked": "made"}


@pytest.fixture
def there(monkeypatch):
    """Say which extractors' files are there."""

    def say(config, *names):
        files = {config["extractors"][name]["weights"]["file"] for name in names}
        monkeypatch.setattr(audit, "find", lambda file, folder: file.file if file.file in files else None)

    return say


def test_without_photographs_nothing_else_changes(default):
    assert audit.names(default) == audit.crowds(default) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"clean": None}, "whose photographs.*clean=FOLDER cloaked=FOLDER"),
        ({"cloaked": None}, "no cloaked photographs.*cloak=lowkey"),
        ({"cloak": "lowkey"}, "one of cloaked and cloak"),
        ({"cloaked": {"later": "x"}}, "cannot be called 'later'"),
        ({"cloaked": {}}, "names no folder"),
        ({"cloaked": ", "}, "names no folder"),
        ({"cloaked": "made,./made/"}, "made: is given twice"),
        ({"cloaked": {"a": "made", "b": "made"}}, "made: is given twice"),
    ],
)
def test_what_is_not_told_is_said_in_one_line(config, change, said):
    told = {key: value for key, value in {**config, **change}.items() if value is not None}
    with pytest.raises(InputError, match=said):
        audit.page(told)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("made", ["made"]),
        ("/x/Fawkes 1.0/, other", ["Fawkes_1_0", "other"]),
        (["a/cloaked", "b/cloaked"], ["cloaked", "cloaked_2"]),
        ({"fawkes": "A", "lowkey": "B"}, ["fawkes", "lowkey"]),
        (2021, ["2021"]),
    ],
)
def test_cloaks_are_named_after_their_folders(config, given, names):
    assert list(audit.folders({**config, "cloaked": given})["cloaked"]) == names


def test_a_folder_may_have_a_comma_in_its_name(config, tmp_path):
    (tmp_path / "a, b").mkdir()
    assert audit.folders({**config, "cloaked": f"{tmp_path}/a, b"})["cloaked"] == {"a_b": f"{tmp_path}/a, b"}


def test_folders_without_photographs_are_told_before_anything_is_computed(config, tmp_path):
    for name in ("mine", "made", "empty", "others"):
        (tmp_path / name).mkdir()
    (tmp_path / "mine" / "a.jpg").touch(), (tmp_path / "made" / "a.png").touch()
    there = {**config, "clean": str(tmp_path / "mine"), "cloaked": str(tmp_path / "made")}
    assert audit.photographs(there)
    for key, value, said in [
        ("clean", tmp_path / "nowhere", "clean: .*no such folder"),
        ("clean", tmp_path / "mine" / "a.jpg", "clean: .*is no folder"),
        ("cloaked", tmp_path / "empty", r"cloaked \(empty\): .*holds no files"),
        ("later", tmp_path / "nowhere", "later: .*no such folder"),
    ]:
        with pytest.raises(InputError, match=said):
            audit.photographs({**there, key: str(value)})
    with pytest.raises(InputError, match=r"crowd: .*others: holds no files"):
        audit.crowd_photographs({**there, "crowd": str(tmp_path / "others")})


def test_an_audit_is_named_after_the_folder(config):
    assert audit.names(config) == ["mine"]
    assert audit.names({**config, "clean": "/home/me/My photographs/"}) == ["My_photographs"]
    assert audit.names({**config, "audit_name": "me"}) == ["me"]


def test_an_audit_never_replaces_that_of_another_folder_of_the_same_name(config, there, tmp_path, monkeypatch):
    there(config, next(name for name, each in config["extractors"].items() if each.get("weights", {}).get("file")))
    monkeypatch.chdir(tmp_path)
    about = tmp_path / "results" / "audit" / "mine" / "audit.json"
    about.parent.mkdir(parents=True)
    about.write_text(json.dumps({"of": audit.measure_told(config)["of"]}))
    assert audit.page(config) == audit.page({**config, "clean": str(tmp_path / "mine")})
    elsewhere = {**config, "clean": str(tmp_path / "lfw" / "mine")}
    with pytest.raises(InputError, match=r"mine is the audit of another folder.*audit_name=NAME"):
        audit.page(elsewhere)
    assert "/me/" in audit.page({**elsewhere, "audit_name": "me"})
    about.write_text("{")
    audit.page(elsewhere)


def test_extractors_are_those_at_hand_from_the_oldest_to_the_newest(config, there):
    there(config, "edgeface_xs", "dlib_resnet", "vgg_face")
    # Of vgg_face no hash is known, so that its file could be anything.
    assert audit.at_hand(config) == ["dlib_resnet", "edgeface_xs"]
    offered = {row["extractor"]: row["how"] for row in audit.offered(config)}
    assert not {"dlib_resnet", "edgeface_xs", "facenet", "pixels"} & set(offered)
    assert offered["mobilefacenet_casia"] == "fetch"
    assert offered["vgg_face"] == "bring"
    named = {**config, "audit": {**config["audit"], "extractors": ["mobilefacenet_casia", "dlib_resnet"]}}
    assert audit.at_hand(named) == ["dlib_resnet", "mobilefacenet_casia"]  # what is named is fetched
    assert audit.embeddings(named) == [
        paths.fill(paths.AUDIT_EMBEDDINGS, audit="mine", extractor=name) for name in audit.at_hand(named)
    ]


def test_without_any_extractor_at_hand_that_is_said(config, there):
    there(config)
    with pytest.raises(InputError, match=r"no extractor is at hand; install the extra dlib"):
        audit.page(config)


def test_stand_ins_are_no_extractors_for_photographs(config):
    wanted = {**config, "audit": {**config["audit"], "extractors": ["arcface"]}}
    with pytest.raises(InputError, match=r"audit.extractors: there is no published extractor 'arcface'"):
        audit.at_hand(wanted)


def test_an_extractor_without_its_package_is_not_at_hand(config, there, monkeypatch):
    there(config, "edgeface_xs")
    assert audit.lacks(config, "edgeface_xs") is None
    audit._absent.cache_clear()
    monkeypatch.setattr(audit, "find_spec", lambda name: None if name in ("timm", "frbench") else object())
    monkeypatch.setattr(audit, "requires", lambda _: ["timm==1", "frbench==1.1; extra == 'frbench'"])
    assert audit.lacks(config, "edgeface_xs") == "install the package timm"
    offered = {row["extractor"]: row["how"] for row in audit.offered(config)}
    assert (offered["edgeface_xs"], offered["frbench_resnet_100"]) == ("bring", "extra frbench")
    audit._absent.cache_clear()


def test_a_cloak_of_ours_works_against_published_extractors(config, there):
    config = {key: value for key, value in config.items() if key != "cloaked"} | {"cloak": "lowkey,fawkes_v10"}
    there(config, "dlib_resnet")
    made = audit.cloaks(config)
    assert list(made) == ["lowkey", "fawkes_v10"]
    assert made["lowkey"]["surrogates"] == ["dlib_resnet"]
    assert made["lowkey"]["options"] == {"flip": False, "perceptual": "dssim", "perceptual_weight": 0.00625}
    there(config, "edgeface_xs")
    with pytest.raises(InputError, match=r"cloak 'lowkey' needs an extractor.*dlib_resnet: install"):
        audit.cloaks(config)
    with pytest.raises(InputError, match=r"no cloak 'lowkei' for photographs.*lowkey"):
        audit.cloaks({**config, "cloak": "lowkei"})
    with pytest.raises(InputError, match=r"cloak: names none; known: .*lowkey"):
        audit.cloaks({**config, "cloak": ","})


def test_the_person_is_told_from_others_by_the_newest_extractor_made_for_faces(config, there):
    there(config, "dlib_resnet", "edgeface_xs", "siglip")
    assert audit.chooser(config) == "edgeface_xs"


def test_the_crowd_is_named_found_or_absent(config, tmp_path):
    assert audit.crowd(config) == {"root": str(tmp_path / "lfw"), "label": "LFW"}
    assert audit.crowd({**config, "crowd": "none"}) == {}
    assert audit.crowd({**config, "crowd": "/x/others"}) == {"root": "/x/others", "label": "others"}
    [name] = audit.crowds({**config, "crowd": "/x/others"})
    assert name == "others_400_3"


def test_a_dataset_of_the_configuration_may_be_the_crowd(tmp_path):
    lfw = {**configuration("resources/worlds/lfw.yaml"), "data": str(tmp_path), "clean": "x", "crowd": "lfw"}
    assert audit.crowd(lfw) == {"root": str(tmp_path / "lfw"), "label": "Labeled Faces in the Wild"}


def test_where_the_person_lies_in_the_crowd_is_known(config, there, tmp_path):
    there(config, "dlib_resnet")
    told = audit.measure_told({**config, "clean": str(tmp_path / "lfw" / "Ann")})
    assert told["crowd"] == {"label": "LFW", "own": "Ann"}
    assert audit.measure_told(config)["crowd"]["own"] == ""


def test_defenses_are_those_of_the_run_that_treat_faces(config):
    assert list(audit.treatments(config)) == ["jpeg_50", "blur_1"]
    run = {**config, "audit": {**config["audit"], "defenses": None}}
    assert list(audit.treatments(run)) == ["jpeg_50", "wavelet"]  # not what has to be learned
    with pytest.raises(InputError, match="'denoiser' has to be learned first"):
        audit.treatments({**config, "audit": {**config["audit"], "defenses": ["denoiser"]}})
    wanted = {**config, "audit": {**config["audit"], "defenses": ["half_size"]}}
    assert audit.treatments(wanted)["half_size"] == {"method": "resize", "options": {"factor": 0.5}, "probes": False}
    with pytest.raises(InputError, match="'small_probes' treats no scraped face"):
        audit.treatments({**config, "audit": {**config["audit"], "defenses": ["small_probes"]}})
    poor = {**run, "run": {**config["run"], "defenses": ["jpeg_50", "small_probes"]}}
    assert list(audit.treatments(poor)) == ["jpeg_50"]
    with pytest.raises(InputError, match="'top_2_clip' does not treat faces"):
        audit.treatments({**config, "audit": {**config["audit"], "defenses": ["top_2_clip"]}})


def test_an_audits_pictures_are_aligned_as_they_were_scraped(config):
    through = {**config, "audit": {**config["audit"], "channels": ["clean_landmarks"]}}
    with pytest.raises(InputError, match="'clean_landmarks' aligns by what nobody scrapes; leave it out"):
        audit.faces_told(through)


def test_a_photograph_deep_in_folders_is_noticed(config, tmp_path):
    for folder in ("clean", "cloaked"):
        (tmp_path / folder / "2021" / "05" / "12").mkdir(parents=True)
        (tmp_path / folder / "2021" / "05" / "12" / "a.jpg").write_bytes(b"a")
    asked = {**config, "clean": str(tmp_path / "clean"), "cloaked": str(tmp_path / "cloaked")}
    before = audit.photographs(asked)
    (tmp_path / "clean" / "2021" / "05" / "12" / "b.jpg").write_bytes(b"b")
    assert audit.photographs(asked) != before

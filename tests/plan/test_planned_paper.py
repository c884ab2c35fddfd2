"""What the overlays of the ICLR paper's own sizes plan, and which of its published numbers ours stand beside."""

import pytest
from configurations import ROOT, configuration, plan
from planned import tables

from uncloak.claims.published import read_published
from uncloak.pictures.split import split
from uncloak.plan import claims, classifiers, experiments, extractors
from uncloak.plan.asked import Asked
from uncloak.recognition.parts import gallery_and_probes
from uncloak.tables import read_table

SOURCES = ("radiya-dixit-2022", "data-poisoning-is-hitting-a-wall", "facecure-readme")
PUBLISHED = [ROOT / "resources" / "published" / f"{name}.csv" for name in SOURCES]
# Of Table 4, what saw more pictures than a drawn world has, and nets that are not built here.
WITHOUT_STAND_IN = {
    *("IG-ResNeXt-101_32x16", "WSL-ResNext-101_32x48d", "SSL-ResNeXt-101_32x16d", "SWSL-ResNeXt-101_32x16d"),
    *("Dual Path Networks-107", "SK-ResNeXt-50_32x4d", "ResNeSt-101"),
}
LATER = {"ResNet-101", "Wide-ResNet-101", "ResNeXt-101_32x8d", "ECA-ResNet-101s"}


@pytest.fixture(scope="module")
def table1():
    return configuration("resources/worlds/table1.yaml")


def counterparts(config, kind):
    return config["experiments"]["claims"]["options"]["counterparts"][kind]


def test_as_many_people_are_perturbed_by_each_attack_as_in_table_1(table1):
    plan(table1)
    cells = read_table(PUBLISHED[0]).query("place == 'Table 1'")
    ours = {counterparts(table1, "attack")[row.attack]["ours"]: int(row.least) for row in cells.itertuples()}
    record = table1["datasets"]["table1"]
    assert record["perturb"]["public"]["identities"] == ours
    for name in ("robust_265", "robust_500"):
        public = extractors.learned_public(table1, name)
        assert public["dataset"] == "table1"
        assert record["split"]["roles"]["public"] - public["held_out"] == max(ours.values())
        assert {attack for attack, _ in extractors.public_perturbed(table1, name)} == set(ours)
    assert claims.measured_public(table1) == tables("table1", "public")
    assert claims.words(table1)["public"] == [
        {"dataset": "table1", "extractors": {"robust_265": "ArcFace, robust by Table 1's people"}}
    ]
    recognized = {(each.defense, each.embedder) for each in Asked(table1, "adaptive", "table1").recognizers}
    assert recognized == {("none", "arcface"), ("robust_training", "robust_265"), ("robust_500", "robust_500")}


def test_public_people_of_table_1_stay_in_the_gallery(table1):
    """Section 3.3."""
    record = table1["datasets"]["table1"]
    parts, prolific = record["split"], record["prolific"]
    pictures = [
        f"p{person:03d}/{picture:02d}"
        for person in range(record["people"])
        for picture in range(prolific["pictures"] if person < prolific["people"] else record["pictures"])
    ]
    sizes = {"minimum_pictures": parts["minimum_pictures"], "minimum_user_pictures": parts["user_minimum_pictures"]}
    table, dropped = split(pictures, parts["roles"], seed=1, gallery_share=parts["gallery"], **sizes)
    gallery, probes = gallery_and_probes(table)
    assert dropped.empty
    assert gallery["identity"].nunique() == 530
    assert gallery.query("role == 'public'").groupby("identity").size().value_counts()[3] >= 276
    assert probes.query("role == 'user'").groupby("identity").size().tolist() == [5] * 20


def test_all_users_are_tuned_end_to_end(default):
    config = configuration("resources/worlds/end_to_end.yaml")
    plan(config)
    assert experiments.names(config) == ["classifiers", "claims"]
    every, few = (classifiers.end_to_end_record(each, "synthetic") for each in (config, default))
    assert every == {**few, "users": config["datasets"]["synthetic"]["split"]["roles"]["user"]}
    files, those = (Asked(each, "classifiers", "synthetic").files() for each in (config, default))
    assert files == those


def test_every_number_of_the_iclr_paper_has_a_counterpart_but_nets_of_table_4(default):
    table = read_published(PUBLISHED)
    for kind in ("dataset", "attack"):
        assert set(table[kind]) - {"none"} <= set(counterparts(default, kind))
    missing = set(table["extractor"]) - set(counterparts(default, "extractor"))
    assert missing == WITHOUT_STAND_IN | LATER
    later = configuration("resources/worlds/later_classifiers.yaml")
    plan(later)
    assert set(table["extractor"]) - set(counterparts(later, "extractor")) == WITHOUT_STAND_IN
    tried = later["transfer"]["image_classifiers"]
    assert {counterparts(later, "extractor")[name]["ours"] for name in LATER} <= {*tried}
    assert set(later["transfer"]["surrogates"]) <= {*tried}
    imagenet = configuration("resources/worlds/imagenet.yaml")
    assert set(counterparts(imagenet, "extractor")) >= WITHOUT_STAND_IN | LATER


def test_tuned_models_and_counts_of_people_stand_beside_claims(default):
    assert set(tables("synthetic", "interpolation")) <= {*claims.measured_rates(default)}
    ends = {
        counterparts(default, "extractor")[name]["ours"]
        for name in ("CLIP, not tuned", "CLIP, tuned and not interpolated")
    }
    assert ends <= {each.extractor for each in Asked(default, "interpolation", "synthetic").recognizers}
    assert claims.measured_public(default) == tables("synthetic", "public")
    assert claims.words(default)["public"] == [{"dataset": "synthetic", "extractors": {"robust": "ArcFace, robust"}}]

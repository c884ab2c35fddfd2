"""Files that a configuration is read from: the overlays that come with it, the catalog, and what is no such file."""

from pathlib import Path

import pytest

from uncloak.configuration import load, read
from uncloak.errors import InputError
from uncloak.records.files import catalog, read_yaml, refuse_repeated_keys

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = load(ROOT)


@pytest.mark.parametrize("path", sorted((ROOT / "resources" / "worlds").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_overlay_is_valid(path):
    under = {
        "pubfig": ["facescrub"],
        "facescrub_lowkey": ["facescrub"],
        "lfw_photographs": ["lfw"],
        "lfw_magnitude": ["lfw", "lfw_photographs"],
        "lfw_surrogates": ["lfw"],
        "timeline": ["lfw"],
    }  # with which it is merged
    below = [path.with_stem(name) for name in under.get(path.stem, [])]
    read(load(ROOT, *below, path))


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


def test_files_of_the_catalog_may_share_a_kind_but_no_record(tmp_path):
    (tmp_path / "a.yaml").write_text("extractors: {one: {label: 1}}\nchannels: {png: {}}")
    (tmp_path / "b.yaml").write_text("extractors: {two: {label: 2}}")
    assert catalog(tmp_path) == {"extractors": {"one": {"label": 1}, "two": {"label": 2}}, "channels": {"png": {}}}
    (tmp_path / "c.yaml").write_text("extractors: {one: {label: 3}}")
    with pytest.raises(InputError, match=r"c\.yaml: 'extractors\.one' stands in a\.yaml, too; keep one"):
        catalog(tmp_path)

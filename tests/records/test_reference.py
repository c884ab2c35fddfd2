"""The generated reference is not stale, and says what the check says."""

import json
from pathlib import Path

import jsonschema
import pytest

from uncloak.configuration import load
from uncloak.records import __main__ as command
from uncloak.records.files import read_yaml
from uncloak.records.reference import for_editors, page, schema

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([ROOT / "config.yaml", *(ROOT / "resources").glob("*/*.yaml"), *(ROOT / "tests").glob("*.yaml")])
EDITORS = jsonschema.Draft202012Validator(json.loads(for_editors()))


def test_the_generated_files_are_those_of_the_records(tmp_path):
    command.main(tmp_path)
    for name in (command.SCHEMA, command.PAGE):
        made = (tmp_path / name).read_text()
        assert (ROOT / name).read_text() == made, f"{name} is stale; run `python -m uncloak.records`"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_editors_find_no_fault_in_the_shipped_files(path):
    EDITORS.validate(read_yaml(path))


@pytest.mark.parametrize(
    "fault",
    [
        {"sed": 1},
        {"attacks": {"lowkey": {"surogates": ["arcface"]}}},
        {"attacks": {"lowkey": {"method": "lowkey", "options": {"stepps": 1}}}},
        {"extractors": {"facenet": {"network": {"name": "incepton"}}}},
        {"extractors": {"facenet": {"network": {"name": "inception", "widht": 1}}}},
        {"defenses": {"jpeg_50": {"methd": "jpeg"}}},
        {"defenses": {"jpeg_50": {"method": "jpeg", "options": {"qualty": 50}}}},
        {"experiments": {"ranks": {"extractor": ["clip"]}}},
        {"experiments": {"unprotected": {"method": "unprotected", "options": {"choices": 0.5}}}},
        {"run": {"defenses": "jpeg_50"}},
        {"channels": {"jpeg75": {"steps": [{"method": "jpeg", "quality": 101}]}}},
    ],
)
def test_editors_find_faults_in_parts(fault):
    assert not EDITORS.is_valid(fault)


def test_the_schema_of_whole_configurations_holds_for_the_default():
    jsonschema.Draft202012Validator(schema()).validate(load(ROOT))


def test_every_key_has_a_meaning():
    for line in page().splitlines():
        if line.startswith("| `"):
            assert line.split(" | ")[-1].strip(" |"), line


def test_records_strike_out_in_the_schema():
    EDITORS.validate({"attacks": {"lowkey": None}, "experiments": {"collusion": None}})

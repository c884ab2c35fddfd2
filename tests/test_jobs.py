"""What scripts are told: their records, typed, where they compute, and what their outputs say of it."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from uncloak.jobs import started

import pytest

from uncloak.configuration import load
from uncloak.configuration import read as read_configuration
from uncloak.devices import native_bfloat16
from uncloak.errors import InputError
from uncloak.plan.records import science
from uncloak.records.attacks import AnyAttack, Method, Partner, Targets
from uncloak.records.detectors import Detector
from uncloak.records.extractors import AnyExtractor
from uncloak.records.published import WORDS, Published
from uncloak.records.reading import SHOWN, read

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def configuration():
    return read_configuration(load(ROOT))


@pytest.mark.parametrize(
    ("section", "kind"), [("attacks", AnyAttack), ("extractors", AnyExtractor), ("detectors", Detector)]
)
def test_a_job_reads_its_record_as_the_configuration_has_it(configuration, section, kind):
    """All but the words that tables show, which the job is not told."""
    records = configuration.as_mapping()[section]
    assert records
    for name, record in records.items():
        typed = getattr(configuration, section)[name]
        found = read(kind, json.dumps(science(record)))
        assert isinstance(found, type(typed))
        shown = {word: None for word in SHOWN if word in type(typed).model_fields}
        expected = {**typed.model_dump(), **shown}
        if isinstance(getattr(typed, "weights", None), Published):
            expected["weights"] |= dict.fromkeys(WORDS)
        assert found.model_dump() == expected


def test_where_weights_are_from_restales_nothing_and_their_hash_does():
    weights = {"file": "a.pth", "sha256": "a" * 64, "format": "torch", "origin": "here"}
    record = {"recipe": "import", "label": "a", "weights": weights}
    words = {"url": "https://a.org/a.pth", "size": 3, "licence": "MIT", "paper": "arXiv", "package": "a", "origin": "x"}
    assert science(record) == science({**record, "weights": weights | words})
    assert science(record) != science({**record, "weights": weights | {"sha256": "b" * 64}})


def test_options_that_are_not_given_are_the_default_ones():
    lowkey = read(Method, {"method": "lowkey", "surrogates": ["facenet"], "options": {"steps": 7}})
    assert lowkey.options.steps == 7
    assert lowkey.options.step_size == 0.0025
    assert lowkey.compile is False
    assert isinstance(read(Targets, {"choice": "partner"}), Partner)
    assert read(Targets, "null") is None


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (Method, {"method": "lowkey", "surrogates": ["a"], "options": {"step": 1}}, r"options: .*'step'.*steps"),
        (Method, {"method": "lowkey"}, "has no 'surrogates'; add it"),
        (Targets, {"choice": "nearest"}, "none of these kinds: farthest, average, partner"),
    ],
)
def test_a_wrong_record_is_told_in_one_line(kind, values, message):
    with pytest.raises(InputError, match=message) as error:
        read(kind, values)
    assert "\n" not in str(error.value)


def test_outputs_say_what_they_were_made_from(tmp_path):
    told = SimpleNamespace(
        input=[], output=[], log=[tmp_path / "a.log"], threads=1, params=SimpleNamespace(code="c", record="{}", seed=3)
    )
    with started(told) as job:
        assert job.made(extractor="facenet") == {"recipe": "{}", "code": "c", "seed": 3, "extractor": "facenet"}
    told.params = SimpleNamespace(code="c")
    with started(told) as job:
        assert job.made() == {"code": "c"}


def test_a_computing_job_has_its_threads_and_says_device_and_precision(tmp_path):
    torch = pytest.importorskip("torch")
    from uncloak.computing import computing

    threads = torch.get_num_threads()
    told = SimpleNamespace(
        input=[], output=[], log=[tmp_path / "a.log"], threads=2, params=SimpleNamespace(code="c", seed=3)
    )
    try:
        with computing(told) as job:
            made = job.made("auto")
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    native = native_bfloat16(job.device)
    assert made == {"code": "c", "seed": 3, "device": job.device, "precision": "bfloat16" if native else "float32"}
    assert f"computing on {job.device}" in (tmp_path / "a.log").read_text()


def test_records_and_jobs_are_light():
    statement = "import sys, uncloak.computing, uncloak.records.reading; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", statement], check=True)

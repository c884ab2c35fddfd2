import itertools
import logging

from uncloak.jobs import logged

import pytest
import torch

from uncloak import devices
from uncloak.devices import autocast, native_bfloat16, resolve_precision, used
from uncloak.errors import InputError

PLAIN = frozenset({"sse2", "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512_vnni"})


@pytest.fixture
def processor(monkeypatch):
    """Return a function that makes this machine's processor one with the given flags, and nothing set beside it."""
    for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY"):
        monkeypatch.delenv(name, raising=False)

    def become(*flags):
        monkeypatch.setattr(devices, "processor_flags", lambda: PLAIN | set(flags))

    return become


@pytest.mark.parametrize("flags", [["avx512_bf16"], ["amx_bf16"], ["bf16"]])
def test_auto_is_bfloat16_where_the_processor_has_it(processor, flags):
    processor(*flags)
    assert resolve_precision("auto", "cpu") == "bfloat16"


def test_auto_is_float32_where_the_processor_would_emulate_bfloat16(processor):
    processor()
    assert resolve_precision("auto", "cpu") == "float32"


@pytest.mark.parametrize(
    ("name", "level"),
    [("ONEDNN_MAX_CPU_ISA", "AVX2"), ("ONEDNN_MAX_CPU_ISA", "avx512_core"), ("ATEN_CPU_CAPABILITY", "avx2")],
)
def test_a_processor_held_to_an_older_level_counts_as_one(processor, monkeypatch, name, level):
    processor("avx512_bf16", "amx_bf16")
    monkeypatch.setenv(name, level)
    assert not native_bfloat16("cpu")


@pytest.mark.parametrize(
    ("name", "level"),
    [("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_AMX"), ("ONEDNN_MAX_CPU_ISA", "ALL"), ("ATEN_CPU_CAPABILITY", "avx512")],
)
def test_a_level_with_bfloat16_changes_nothing(processor, monkeypatch, name, level):
    processor("avx512_bf16")
    monkeypatch.setenv(name, level)
    assert native_bfloat16("cpu")


@pytest.mark.parametrize(("capability", "native"), [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_cuda_counts_by_its_capability(monkeypatch, capability, native):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert resolve_precision("auto", "cuda") == ("bfloat16" if native else "float32")


def test_what_is_asked_for_is_taken_and_emulation_warns_in_one_line(processor, caplog):
    processor()
    assert resolve_precision("float32", "cpu") == "float32"
    assert not caplog.records
    assert resolve_precision("bfloat16", "cpu") == "bfloat16"
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "emulates bfloat16" in record.message
    assert "\n" not in record.message
    processor("avx512_bf16")
    caplog.clear()
    assert resolve_precision("bfloat16", "cpu") == "bfloat16"
    assert not caplog.records


def test_the_processor_is_told_as_what_it_is_held_to(processor, monkeypatch):
    processor("amx_bf16")
    assert devices.processor().endswith(" with AMX")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert devices.processor().endswith(" held to AVX2")


def test_another_precision_is_refused():
    with pytest.raises(InputError, match=r"precision is 'half'; choose from auto, float32, bfloat16"):
        resolve_precision("half", "cpu")


def test_passes_run_in_the_precision_that_is_resolved(monkeypatch):
    product = torch.nn.Linear(4, 4)
    for asked, native in itertools.product(("auto", "float32", "bfloat16"), (False, True)):
        devices._resolved.cache_clear()
        monkeypatch.setattr(devices, "native_bfloat16", lambda device, native=native: native)
        with autocast("cpu", asked):
            found = product(torch.ones(1, 4)).dtype
        half = asked == "bfloat16" or (asked == "auto" and native)
        assert found == (torch.bfloat16 if half else torch.float32)
    devices._resolved.cache_clear()


def test_what_was_used_is_told_in_the_log(caplog):
    with caplog.at_level(logging.INFO):
        assert used("cpu", "float32") == {"device": "cpu", "precision": "float32"}
    assert f"computing on cpu ({devices.processor()}) in float32" in caplog.text


def test_a_job_warns_of_emulation_in_one_line_where_a_person_sees_it(processor, tmp_path, capsys):
    processor()
    with logged(tmp_path / "job.log"):
        resolve_precision("bfloat16", "cpu")
    assert capsys.readouterr().err.splitlines() == [f"warning: {devices.emulation('cpu')}"]
    with logged(tmp_path / "job.log"):
        resolve_precision("auto", "cpu")
    assert capsys.readouterr().err == ""

"""What a cluster can run, and which failures another try would only repeat."""

import math

from uncloak.jobs import logged

import pytest

from uncloak import clusters
from uncloak.clusters import Node, found_bad_input, node_of, refusal
from uncloak.errors import InputError, LackError

CPU = Node("main", True, cores=4, mem_mb=16000, gpu=0, runtime=60)
LARGE = Node("main", True, cores=2, mem_mb=64000, gpu=0, runtime=60)
GPU = Node("gpu", False, cores=16, mem_mb=128000, gpu=2, runtime=math.inf)


@pytest.mark.parametrize(
    ("line", "node"),
    [
        ("main*|4|16000|(null)|1:00:00", CPU),
        ("gpu|16|128000|gpu:h200:2(S:0-1),shard:8|infinite\n", GPU),
        ("gpu|16+|128000+|gpu:1,gpu:a100:1|UNLIMITED", GPU),
        ("short|4|500|gpu:0|30:00", Node("short", False, 4, 500, 0, 30)),
        ("long*|4|500|(null)|2-01:30:00", Node("long", True, 4, 500, 0, 2 * 1440 + 90)),
    ],
)
def test_nodes_are_read_as_sinfo_writes_them(line, node):
    assert node_of(line) == node


def test_without_a_scheduler_there_are_no_nodes_and_nothing_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert clusters.nodes() == []
    assert refusal("rule align", {"cores": 99}, []) is None
    (tmp_path / "sinfo").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "sinfo").chmod(0o755)
    assert clusters.nodes() == []
    (tmp_path / "sinfo").write_text("#!/bin/sh\necho 'main*|4|16000|(null)|1:00:00'\necho noise\n")
    assert clusters.nodes() == [CPU]


@pytest.mark.parametrize(
    "asked",
    [
        {"cores": 4, "mem_mb": 16000, "gpu": 0, "runtime": 60, "tmpdir": "/tmp"},
        {"cores": 2, "mem_mb": 64000},
        {"cores": 16, "gpu": 2, "runtime": 10**6, "slurm_partition": "gpu"},
        {"cores": 16, "slurm_partition": "main,gpu"},
        {"cores": 99, "slurm_partition": "of another cluster"},
    ],
)
def test_what_a_node_has_is_not_refused(asked):
    assert refusal("rule align", asked, [CPU, LARGE, GPU]) is None


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (
            {"cores": 8, "mem_mb": 10},
            "rule align asks for 8 CPUs, and no node of partition main has more than 4: it would wait for ever;"
            " set 'cores: 4' in the profile, or name another slurm_partition",
        ),
        ({"cores": 1, "mem_mb": 65000}, "asks for 65000 MB of memory, .* set 'mem_mb: 64000' under 'resources'"),
        ({"cores": 1, "gpu": 1}, "asks for 1 GPUs, .* more than 0: .* use profiles/slurm-cpu"),
        ({"cores": 1, "runtime": 61}, "asks for 61 minutes, and partition main gives 60: .* .'group-components'."),
        ({"cores": 4, "mem_mb": 64000}, "asks for 4 CPUs, 64000 MB of memory, which no node .* has together"),
        ({"cores": 17, "slurm_partition": "gpu"}, "no node of partition gpu has more than 16: .* set 'cores: 16'"),
    ],
)
def test_what_would_wait_for_ever_is_one_line_with_the_mend(asked, line):
    with pytest.raises(InputError, match=line):
        raise InputError(refusal("rule align", asked, [CPU, LARGE, GPU]))


def ended(log, error):
    with pytest.raises((SystemExit, type(error))), logged(log):
        raise error
    return found_bad_input(log)


def test_bad_input_is_told_from_what_another_try_may_mend(tmp_path, capsys):
    assert ended(tmp_path / "bad.log", InputError("split.csv: no user; add some"))
    assert not ended(tmp_path / "bug.log", ValueError("uncloak.input: not ours"))
    assert not ended(tmp_path / "memory.log", MemoryError())
    # The same line for the user, but more memory may help.
    assert not ended(tmp_path / "killed.log", LackError("a worker process was killed (SIGKILL)"))
    assert "error: a worker process was killed (SIGKILL)" in capsys.readouterr().err
    with logged(tmp_path / "good.log"):
        pass
    assert not found_bad_input(tmp_path / "good.log")
    assert not found_bad_input(tmp_path / "absent.log")

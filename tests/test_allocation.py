"""Freed memory is used again, and what is left is known."""

import platform
import subprocess
import sys

import pytest

from uncloak.allocation import available_memory

CODE = """
import ctypes, resource, sys
import torch
from uncloak.allocation import keep_freed_memory
torch.set_num_threads(1)
ctypes.CDLL(None).mallopt(-3, 2**17)  # from the start as glibc has it at first: large blocks always go back
if sys.argv[1] == "kept":
    keep_freed_memory()

def step():
    arrays = [torch.ones(2**20) for _ in range(12)]
    del arrays

for _ in range(5):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_freed_memory_comes_back_without_page_faults():
    def faults(how):
        done = subprocess.run([sys.executable, "-c", CODE, how], capture_output=True, text=True, check=True)
        return int(done.stdout)

    # The arrays of five steps are 61440 pages of 4 KiB; a system may hand out many with one fault.
    assert faults("kept") < 30
    assert faults("given back") > 60


GIB = 2**30


@pytest.mark.parametrize(
    ("groups", "limits", "left"),
    [
        ("0::/", {}, 8),
        ("0::/job", {"job/memory.max": "max"}, 8),
        ("0::/user/job", {"user/job/memory.max": f"{5 * GIB}"}, 4),
        # The group around it has the lower limit.
        ("0::/user/job", {"user/job/memory.max": f"{5 * GIB}", "user/memory.max": f"{3 * GIB}"}, 2),
        ("5:cpu:/a\n4:memory:/slurm/job", {"memory/slurm/job/memory.limit_in_bytes": f"{6 * GIB}"}, 5),
        ("4:memory:/", {"memory/memory.limit_in_bytes": "9223372036854771712"}, 8),
        ("0::/", {"memory.max": f"{GIB // 2}"}, 0),
    ],
)
def test_memory_that_is_left_is_the_machines_and_the_groups(groups, limits, left, tmp_path):
    assert available_memory(tmp_path) is None
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text(f"MemTotal: 99999999 kB\nMemAvailable: {8 * 2**20} kB\n")
    (tmp_path / "proc/self/status").write_text(f"Name: python\nVmRSS: {2**20} kB\n")
    (tmp_path / "proc/self/cgroup").write_text(groups + "\n")
    for name, text in limits.items():
        path = tmp_path / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    assert available_memory(tmp_path) == left * GIB


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says")
def test_this_machine_has_memory_left():
    assert 0 < available_memory() < 2**50

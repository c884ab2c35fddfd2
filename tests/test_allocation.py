"""Freed memory is used again."""

import platform
import subprocess
import sys

import pytest

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

"""What large blocks leave behind once they are freed."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from pathlib import Path
from inference import heap


def resident():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


if sys.argv[1] == "given back":
    heap.give_back(2**20)
largest = b"x" * 2**22
del largest  # from here on glibc takes what is smaller from the heap, if nobody says otherwise
before = resident()
large, small = [], []
for number in range(60):
    large.append(bytes([number]) * 2**21)
    small.append(bytes([number]) * 2000)
del large
print(resident() - before)
"""


def megabytes_left(case: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, case], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do otherwise")
def test_large_blocks_go_back_to_the_system() -> None:
    assert megabytes_left("given back") < 20
    assert megabytes_left("kept") > 60

"""Freed memory that glibc keeps is returned to the system by `trim`."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
from pathlib import Path
from inference.protocol import malloc


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


largest = b"x" * 2**22
del largest  # from here on glibc takes what is smaller from its heap
before = resident()
large, small = [], []
for number in range(60):
    large.append(bytes([number]) * 2**21)
    small.append(bytes([number]) * 2000)  # keeps the heap from shrinking at its end
del large
print(resident() - before)
malloc.trim()
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has malloc_trim")
def test_trim_returns_freed_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True
    )
    kept, left = map(float, done.stdout.split())
    assert kept > 60
    assert left < 20

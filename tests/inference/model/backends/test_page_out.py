"""Files that are mapped into memory leave it, and are read again on use."""

import sys
from pathlib import Path

import numpy as np
import pytest

from inference.model.backends.page_out import page_out

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has this call")

MEGABYTE = 2**20
NUMBERS = 16 * MEGABYTE // 4  # float32


def resident_of_files() -> int:
    """Return how many bytes of mapped files are resident in this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssFile:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no such line")


def test_a_paged_out_file_can_be_read_again(tmp_path: Path) -> None:
    np.arange(NUMBERS, dtype=np.float32).tofile(tmp_path / "a file.bin")
    some = np.memmap(tmp_path / "a file.bin", np.float32, "r")
    unread = resident_of_files()
    total = some.sum()
    before = resident_of_files()
    if before - unread < 12 * MEGABYTE:
        pytest.skip("the temporary folder lies in memory itself")
    page_out(tmp_path.parent)
    assert before - resident_of_files() < 4 * MEGABYTE
    page_out(tmp_path)
    assert before - resident_of_files() > 12 * MEGABYTE
    assert some.sum() == total


def test_changed_memory_is_kept(tmp_path: Path) -> None:
    np.zeros(NUMBERS, np.float32).tofile(tmp_path / "a.bin")
    some = np.memmap(tmp_path / "a.bin", np.float32, "c")
    some += 1
    page_out(tmp_path)
    assert (some == 1).all()

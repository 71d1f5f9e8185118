"""Weights that lie in a file leave the memory, and come back when they are read."""

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference import memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has this call")

MEGABYTE = 2**20
NUMBERS = 16 * MEGABYTE // 4  # float32


def resident_of_files() -> int:
    """Bytes of files that this process has in its memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssFile:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no such line")


def test_weights_in_a_file_leave_and_come_back(tmp_path: Path) -> None:
    save_file({"some": torch.arange(NUMBERS, dtype=torch.float32)}, tmp_path / "a.safetensors")
    some = load_file(tmp_path / "a.safetensors")["some"]
    unread = resident_of_files()
    total = some.sum()
    before = resident_of_files()
    if before - unread < 12 * MEGABYTE:
        pytest.skip("the temporary folder lies in memory itself")
    others = load_file(tmp_path / "a.safetensors")["some"]  # as of another worker
    assert others.sum() == total
    before = resident_of_files()
    memory.set_aside([some, some[5:]])
    assert before - resident_of_files() > 12 * MEGABYTE
    assert some.sum() == total


def test_what_was_changed_is_kept(tmp_path: Path) -> None:
    save_file({"some": torch.zeros(NUMBERS)}, tmp_path / "a.safetensors")
    some = load_file(tmp_path / "a.safetensors")["some"]
    some.add_(1)
    own = torch.full((NUMBERS,), 2.0)
    memory.set_aside([some, own, torch.zeros(0), torch.ones(3)])
    assert some.eq(1).all()
    assert own.eq(2).all()

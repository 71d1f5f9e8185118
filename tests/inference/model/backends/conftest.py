"""A checkpoint for the tests of loading and exporting."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def folder(tiny_clip_folder: Path, tmp_path: Path) -> Path:
    """A copy of a tiny checkpoint that a test may change; nothing has exported it."""
    return Path(shutil.copytree(tiny_clip_folder, tmp_path / "copy"))

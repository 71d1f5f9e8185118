"""A checkpoint for tests of what loads and exports one."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def folder(tiny_clip_folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(tiny_clip_folder, tmp_path / "copy"))

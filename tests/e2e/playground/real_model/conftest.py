"""Playgrounds whose demo model can be replaced by one from a hub on loopback."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from clipbot_playground.launcher import Playground, PlaygroundSettings
from inference.protocol.settings import load
from tests.inference.model import checkpoints
from tests.inference.model.hub.hub_server import REPOSITORY, WEIGHTS, FakeHub

_BALLAST = 24 * 2**20  # bytes, so that the download has a middle


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub with a CLIP of random weights, whose sizes it lists, and an empty cache."""
    folder = checkpoints.tiny_clip(tmp_path / "tiny-clip")
    weights = load_file(folder / WEIGHTS)
    ballast = torch.frombuffer(bytearray(os.urandom(_BALLAST)), dtype=torch.uint8)
    save_file(weights | {"ballast": ballast}, folder / WEIGHTS, metadata={"format": "pt"})
    with FakeHub(folder) as hub:
        hub.lists_sizes = True
        monkeypatch.setenv("CLIP_THREADS", "1")
        for name, value in hub.environment(tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        yield hub


@pytest.fixture
def playground(hub: FakeHub, tmp_path: Path, has_demo: bool) -> Playground:
    """A playground with the demo model, which is not started yet; it offers the hub's model."""
    if not has_demo:
        pytest.skip("the bundled model is missing")
    settings = load(PlaygroundSettings, data_dir=tmp_path)
    return Playground(settings, 0, offered=REPOSITORY)

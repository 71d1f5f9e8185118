"""The hub that the tests of downloads ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inference.model.hub.hub_server import FakeHub


@pytest.fixture
def hub(
    tiny_clip_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeHub]:
    """A hub that this process asks, and an empty cache."""
    with FakeHub(tiny_clip_folder) as hub:
        for name, value in hub.environment(tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        # huggingface_hub reads these settings only when it is imported.
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_ETAG_TIMEOUT", 1)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 1)
        monkeypatch.setattr("inference.model.hub.blobs._PAUSE", 0.01)
        monkeypatch.setattr("inference.model.hub.client._PAUSES", (0.01, 0.01))
        yield hub

"""Fixtures for every test. No setting of the host and no network reaches a test."""

import os
import shutil
import tempfile

# huggingface_hub and python-telegram-bot read these when they are imported. Test modules import
# them, so a fixture would be too late.
os.environ["HF_HUB_OFFLINE"] = "1"
# Several tests run at once, so torch's threads must sleep while they wait instead of keeping cores
# busy that other tests need. Without this the model's tests take 1.5 times as long.
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
os.environ["HF_ASSETS_CACHE"] = tempfile.mkdtemp(prefix="clipbot-tests-")
os.environ["PTB_TIMEDELTA"] = "1"

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.settings import BotSettings
from inference.protocol.broker.client import Queue, connect
from inference.protocol.settings import WorkerSettings
from tests.nats_server import NatsServer

# The fixture that docs/bot-api-server.md describes; these tests use it too.
pytest_plugins = ["clipbot_playground.botapi.fixture"]

_SETTINGS = {name.upper() for kind in (BotSettings, WorkerSettings) for name in kind.model_fields}
_KEPT = {"HF_HUB_OFFLINE", "HF_ASSETS_CACHE", "PTB_TIMEDELTA"}


def _belongs_to_host(name: str) -> bool:
    upper = name.upper()
    return upper in _SETTINGS or upper.startswith("HF_") or upper.endswith("_PROXY")


@pytest.fixture(autouse=True)
def scrubbed_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Remove settings, caches and proxies of the host, and leave the folder of its `.env`."""
    for name in set(os.environ) - _KEPT:
        if _belongs_to_host(name):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path_factory.getbasetemp())


def pytest_unconfigure() -> None:
    """Delete the models that tests have exported to OpenVINO's format."""
    shutil.rmtree(os.environ["HF_ASSETS_CACHE"], ignore_errors=True)


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """Run a real nats-server with JetStream, for one test."""
    folder = tmp_path / "nats"
    folder.mkdir()
    server = NatsServer(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def nats_url(nats_server: NatsServer) -> str:
    """Return the address of `nats_server`."""
    return nats_server.url


@pytest.fixture
async def queue(nats_url: str) -> AsyncIterator[Queue]:
    queue = await connect(nats_url, name="test")
    await queue.prepare(3, owner=True)
    yield queue
    await queue.close()


@pytest.fixture(scope="session")
def tiny_clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a checkpoint that loads and answers fast. Its answers are random."""
    from tests.inference.model import checkpoints

    return checkpoints.tiny_clip(tmp_path_factory.mktemp("tiny-clip"))

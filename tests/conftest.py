"""What holds for every test: the host's settings stay outside, and so does the network."""

import os
import shutil
import tempfile

# huggingface_hub and python-telegram-bot read these when they are imported, which test modules do:
# no fixture is early enough.
os.environ["HF_HUB_OFFLINE"] = "1"
# Several tests run at once: torch's threads must sleep while they wait, not spin on cores that
# others need. Without it the model's tests take half as long again.
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

# What docs/bot-api-server.md promises to others serves our tests as well.
pytest_plugins = ["clipbot_playground.botapi.fixture"]

_SETTINGS = {name.upper() for kind in (BotSettings, WorkerSettings) for name in kind.model_fields}
_OURS = {"HF_HUB_OFFLINE", "HF_ASSETS_CACHE", "PTB_TIMEDELTA"}


def _is_the_hosts(name: str) -> bool:
    upper = name.upper()
    return upper in _SETTINGS or upper.startswith("HF_") or upper.endswith("_PROXY")


@pytest.fixture(autouse=True)
def scrubbed_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No setting, cache, proxy or `.env` of the host reaches a test."""
    for name in set(os.environ) - _OURS:
        if _is_the_hosts(name):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path_factory.getbasetemp())


def pytest_unconfigure() -> None:
    """Models that tests have exported to OpenVINO's format go with them."""
    shutil.rmtree(os.environ["HF_ASSETS_CACHE"], ignore_errors=True)


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A real nats-server with JetStream, for one test."""
    folder = tmp_path / "nats"
    folder.mkdir()
    server = NatsServer(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def nats_url(nats_server: NatsServer) -> str:
    """Where clients find it."""
    return nats_server.url


@pytest.fixture
async def queue(nats_url: str) -> AsyncIterator[Queue]:
    queue = await connect(nats_url, name="test")
    await queue.prepare(3, owner=True)
    yield queue
    await queue.close()


@pytest.fixture(scope="session")
def tiny_clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that loads and answers in no time; its answers mean nothing."""
    from tests.inference.model import checkpoints

    return checkpoints.tiny_clip(tmp_path_factory.mktemp("tiny-clip"))

"""What the tests of worker and command line share: a queue, someone who asks, pictures, models.

No test of this folder reaches the network; checkpoints are made once for all tests.
"""

import os

# huggingface_hub reads this when it is imported, which test modules do: no fixture is early enough.
os.environ["HF_HUB_OFFLINE"] = "1"

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inference.queue import connect
from tests.inference.asker import Asker
from tests.inference.hired import Hire, hiring
from tests.inference.nats_server import NatsServer

if TYPE_CHECKING:  # imports torch and transformers, which most of these tests do without
    from inference.engine import Engine


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    folder = tmp_path / "nats"
    folder.mkdir()
    server = NatsServer(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def nats_url(nats_server: NatsServer) -> str:
    return nats_server.url


@pytest.fixture
async def asker(nats_url: str) -> AsyncIterator[Asker]:
    """The bot's end of the queue."""
    queue = await connect(nats_url, name="asker")
    await queue.prepare(1_000, owner=True)
    yield await Asker.on(queue)
    await queue.close()


@pytest.fixture
async def hire(nats_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hire]:
    """Starts workers in this process, all of which leave when the test is over."""
    monkeypatch.setattr("inference.worker.LINGER", 0.2)  # seconds: they leave sooner
    async with hiring(nats_url) as hire:
        yield hire


@pytest.fixture(scope="session")
def tiny_clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.inference import checkpoints

    return checkpoints.tiny_clip(tmp_path_factory.mktemp("tiny-clip"))


@pytest.fixture(scope="session")
def tiny_clip(tiny_clip_folder: Path) -> "Engine":
    from inference.engine import Engine

    return Engine.load(str(tiny_clip_folder), device="cpu")


@pytest.fixture(scope="session")
def demo() -> "Engine":
    from inference.checkpoint import DEMO_FOLDER
    from inference.engine import Engine

    if not (DEMO_FOLDER / "config.json").is_file():
        pytest.skip("the bundled model is not there yet")
    return Engine.load("demo", device="cpu")

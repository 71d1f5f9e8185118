"""What the tests of worker and command line share: a queue, someone who asks, pictures."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from inference.queue import connect
from tests.inference.asker import Asker
from tests.inference.nats_server import NatsServer


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

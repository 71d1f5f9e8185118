"""A queue on a server that allows large messages."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from inference.protocol.broker.client import Queue, connect
from tests.nats_server import NatsServer

MB = 2**20


@pytest.fixture
def roomy_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A server that allows messages of up to 64 MB, like the embedded one."""
    folder = tmp_path / "roomy"
    folder.mkdir()
    server = NatsServer(folder, max_payload=64 * MB)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def queue(roomy_server: NatsServer) -> AsyncIterator[Queue]:
    queue = await connect(roomy_server.url, name="test")
    await queue.prepare(30, owner=True)
    yield queue
    await queue.close()

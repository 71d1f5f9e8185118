"""The bot's rooms for tests: a true store and queue, and a platform that follows a script."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.metrics import Metrics
from bot.store import Store, open_database
from inference.protocol.broker.client import Queue, connect
from tests.bot.scripted import ScriptedPlatform


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'clipbot.db'}")
    yield Store(database)
    await database.dispose()


@pytest.fixture
async def queue(nats_url: str) -> AsyncIterator[Queue]:
    queue = await connect(nats_url, name="test")
    await queue.prepare(3, owner=True)
    yield queue
    await queue.close()


@pytest.fixture
def platform() -> ScriptedPlatform:
    return ScriptedPlatform()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()

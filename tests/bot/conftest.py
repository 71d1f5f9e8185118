"""Fixtures for the bot: a real store and queue, and a scripted platform."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.runtime.metrics import Metrics
from bot.storage import Store, open_database
from inference.protocol.broker.client import Queue
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.scripted import ScriptedPlatform


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'clipbot.db'}")
    yield Store(database)
    await database.dispose()


@pytest.fixture
def platform() -> ScriptedPlatform:
    return ScriptedPlatform()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def chat(store: Store, queue: Queue, platform: ScriptedPlatform) -> PrivateChat:
    """Return a private chat of this test's own."""
    return PrivateChat(store, queue, platform)

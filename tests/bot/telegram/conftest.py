"""A private chat of each test's own."""

import pytest

from bot.store import Store
from inference.protocol.broker.client import Queue
from tests.bot.scripted import ScriptedPlatform
from tests.bot.telegram.private_chat import Chat


@pytest.fixture
def chat(store: Store, queue: Queue, platform: ScriptedPlatform) -> Chat:
    return Chat(store, queue, platform)

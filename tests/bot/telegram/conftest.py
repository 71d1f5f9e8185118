"""A private chat of each test's own."""

import pytest

from bot.storage import Store
from inference.protocol.broker.client import Queue
from tests.bot.chat.private_chat import Chat
from tests.bot.scripted import ScriptedPlatform


@pytest.fixture
def chat(store: Store, queue: Queue, platform: ScriptedPlatform) -> Chat:
    return Chat(store, queue, platform)

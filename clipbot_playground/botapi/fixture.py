"""A pytest fixture for tests of any bot. Name the plugin in a `conftest.py`:

    pytest_plugins = ["clipbot_playground.botapi.fixture"]

It needs pytest-asyncio. Each test gets its own server on a free port of 127.0.0.1, in the event
loop of the test. See docs/bot-api-server.md.
"""

from collections.abc import AsyncIterator

import pytest_asyncio

from clipbot_playground.botapi.server import BotApiServer


@pytest_asyncio.fixture
async def bot_api_server() -> AsyncIterator[BotApiServer]:
    """Yield a server with the token "42:TEST". A call that breaks the protocol fails the test."""
    async with BotApiServer() as server:
        yield server
    assert server.violations == []

"""A pytest fixture for tests of any bot: import it into a `conftest.py`, or name the plugin.

    pytest_plugins = ["clipbot_playground.botapi.fixture"]

Needs pytest-asyncio. Each test gets a server of its own, on a free port of 127.0.0.1, in the event
loop that the test runs in. See docs/bot-api-server.md.
"""

from collections.abc import AsyncIterator

import pytest_asyncio

from clipbot_playground.botapi.server import BotApiServer


@pytest_asyncio.fixture
async def bot_api_server() -> AsyncIterator[BotApiServer]:
    """The server, with the token "42:TEST"; a call that a right bot would not make is a failure."""
    async with BotApiServer() as server:
        yield server
    assert server.violations == []

"""A server with people, and python-telegram-bot's `Bot` as its client."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.specification import faults_of_answer


class CheckedRequest(HTTPXRequest):
    """A request that compares every successful answer with the Bot API's specification."""

    async def do_request(self, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        status, payload = await super().do_request(url, *args, **kwargs)
        if status == 200 and "/file/" not in url:
            method = url.rpartition("/")[2]
            assert faults_of_answer(method, json.loads(payload)["result"]) == []
        return status, payload


@pytest.fixture
def server(bot_api_server: BotApiServer) -> BotApiServer:
    return bot_api_server


@pytest.fixture
async def bot(server: BotApiServer) -> AsyncIterator[Bot]:
    requests = [CheckedRequest(connection_pool_size=64, read_timeout=30) for _ in range(2)]
    bot = Bot(
        server.token,
        base_url=f"{server.url}/bot",
        base_file_url=f"{server.url}/file/bot",
        request=requests[0],
        get_updates_request=requests[1],
    )
    async with bot:
        yield bot


@pytest.fixture
def alice(server: BotApiServer) -> SimulatedUser:
    return server.person("Alice Liddell", "en", username="alice")


@pytest.fixture
def bob(server: BotApiServer) -> SimulatedUser:
    return server.person("Bob", "es")

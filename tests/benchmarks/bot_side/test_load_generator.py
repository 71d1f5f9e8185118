"""What the bot does otherwise than draw charts ends the measurement with a sentence."""

import asyncio

import httpx
import pytest

from clipbot_benchmarks.bot_side import load_generator
from clipbot_benchmarks.bot_side.load_generator import TOKEN, Crowd, Order, Refused
from clipbot_benchmarks.model_side.pictures import photo
from clipbot_playground.botapi.model import media
from clipbot_playground.botapi.server import BotApiServer


async def test_an_answer_that_is_no_chart() -> None:
    async with BotApiServer(TOKEN) as server, httpx.AsyncClient() as bot:
        picture = await media.photo(server.world.files, photo(1))
        people = Crowd(server, [picture], "cat, dog")
        waiting = asyncio.create_task(people.obey(Order("burst")))
        await server.until(lambda: people._sent)
        await bot.post(
            f"{server.url}/bot{TOKEN}/sendMessage",
            json={"chat_id": next(iter(people._sent))[0], "text": "Too busy."},
        )
        with pytest.raises(Refused, match="Too busy"):
            await waiting


async def test_a_bot_that_does_not_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_generator, "_START", 0.01)
    async with BotApiServer(TOKEN) as server:
        with pytest.raises(TimeoutError, match="did not ask for updates"):
            await Crowd(server, [], "cat, dog").obey(Order("polled"))

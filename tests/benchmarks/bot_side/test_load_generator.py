"""A bot that sends no charts ends the measurement with one sentence."""

import asyncio

import httpx
import pytest

from clipbot_benchmarks.bot_side import load_generator
from clipbot_benchmarks.bot_side.load_generator import TOKEN, LoadCommand, LoadGenerator, NoChart
from clipbot_benchmarks.model_side.pictures import photo
from clipbot_playground.botapi.model import media
from clipbot_playground.botapi.server import BotApiServer


async def test_an_answer_without_a_chart() -> None:
    async with BotApiServer(TOKEN) as server, httpx.AsyncClient() as bot:
        picture = await media.photo(server.world.files, photo(1))
        generator = LoadGenerator(server, [picture], "cat, dog")
        waiting = asyncio.create_task(generator.execute(LoadCommand("burst")))
        await server.until(lambda: generator._sent)
        await bot.post(
            f"{server.url}/bot{TOKEN}/sendMessage",
            json={"chat_id": next(iter(generator._sent))[0], "text": "Too busy."},
        )
        with pytest.raises(NoChart, match="Too busy"):
            await waiting


async def test_a_bot_that_does_not_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_generator, "_FIRST_POLL", 0.01)
    async with BotApiServer(TOKEN) as server:
        with pytest.raises(TimeoutError, match="did not poll for updates"):
            await LoadGenerator(server, [], "cat, dog").execute(LoadCommand("polled"))

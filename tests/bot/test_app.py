"""What the bot's own process loads and starts."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.app import run
from bot.settings import BotSettings
from clipbot_playground.botapi.server import BotApiServer
from inference.protocol import tasks
from tests.waiting import until

_START = """
import asyncio, sys
import bot.app
from bot.storage import open_database

async def start():
    database = await open_database("sqlite+aiosqlite:///" + sys.argv[1])
    await database.dispose()

asyncio.run(start())
print(*sorted({"alembic", "uvicorn", "starlette", "rich", "pygments"} & set(sys.modules)))
"""


def test_a_new_bot_that_polls_loads_neither_migrations_nor_web_servers(tmp_path: Path) -> None:
    """They would be 14 of 98 MB."""
    command = [sys.executable, "-c", _START, str(tmp_path / "clipbot.db")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == "\n"


# What runs in the background until the bot stops.
_BACKGROUND = [
    "bot.app.clock.watch",
    "bot.app.checkpoint",
    "bot.app.malloc.trim_periodically",
    "bot.chat.waiting.notices.watch",
    "bot.chat.waiting.notices.watch_model",
    "bot.chat.waiting.places.QueuePlaces.watch",
    "bot.app.set_up_profile",
    "bot.chat.albums.AlbumCollector.watch",
    "bot.chat.answers.lost_jobs.LostJobs.watch",
    "bot.games.rounds.runner.GameRunner.watch",
    "bot.ops.health.Health.watch_disk",
    "bot.queues.worker_registry.WorkerRegistry.watch",
    "bot.services.queue_health.QueueHealth.watch",
    "bot.storage.Store.prune",
]


async def test_a_bot_starts_all_its_background_work(
    bot_api_server: BotApiServer, nats_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: set[str] = set()

    def recorded(name: str) -> Callable[..., Awaitable[None]]:
        async def work(*_: object, **__: object) -> None:
            begun.add(name)
            await asyncio.Event().wait()

        return work

    for name in _BACKGROUND:
        monkeypatch.setattr(name, recorded(name))
    settings = BotSettings(
        telegram_bot_token=SecretStr("42:TEST"),
        telegram_api_url=bot_api_server.url,
        nats_url=nats_url,
        data_dir=tmp_path,
    )
    running = asyncio.create_task(run(settings))
    await until(lambda: begun, set(_BACKGROUND), within=20.0)
    await tasks.end(running)

"""Games that run in a test."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.storage import Store
from tests.bot.games.rounds.running_games import RunningGames
from tests.bot.scripted import ScriptedPlatform


@pytest.fixture
async def games(store: Store, platform: ScriptedPlatform) -> AsyncIterator[RunningGames]:
    games = RunningGames(store, platform)
    yield games
    games.watching.cancel()
    await asyncio.gather(games.watching, return_exceptions=True)

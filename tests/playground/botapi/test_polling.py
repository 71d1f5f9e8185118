"""getUpdates loses no update, and repeats none that is confirmed."""

import asyncio

import httpx
import pytest
from telegram import Bot
from telegram.error import Conflict, NetworkError

from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer


async def test_an_update_stays_until_a_higher_offset_confirms_it(
    bot: Bot, alice: SimulatedUser
) -> None:
    await alice.sends("one")
    await alice.sends("two")
    first, second = await bot.get_updates()
    assert [u.update_id for u in await bot.get_updates(offset=first.update_id)] == [
        first.update_id,
        second.update_id,
    ]
    assert await bot.get_updates(offset=first.update_id + 1) == (second,)
    assert await bot.get_updates(limit=1) == (second,)
    assert await bot.get_updates(offset=second.update_id + 1) == ()


async def test_a_negative_offset_forgets_all_but_the_last(bot: Bot, alice: SimulatedUser) -> None:
    for text in ("one", "two", "three"):
        await alice.sends(text)
    (last,) = await bot.get_updates(offset=-1)
    assert last.message is not None
    assert last.message.text == "three"
    assert await bot.get_updates() == (last,)


async def test_a_long_poll_ends_with_the_first_update(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await server.until(lambda: server.world.updates.is_polled)
    await alice.sends("hello")
    assert len(await poll) == 1


async def test_the_older_of_two_polls_ends(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=20))
    await server.until(lambda: server.world.updates.is_polled)
    newer = asyncio.create_task(bot.get_updates(timeout=20))
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await older
    await alice.sends("hello")
    assert len(await newer) == 1


async def test_a_killed_poll_loses_nothing(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    async with httpx.AsyncClient() as dying:
        url = f"{server.url}/bot{server.token}/getUpdates"
        poll = asyncio.create_task(dying.get(url, params={"timeout": 50}, timeout=60))
        await server.until(lambda: server.world.updates.is_polled)
        poll.cancel()
    await server.until(lambda: not server.world.updates.is_polled)
    await alice.sends("hello")
    assert len(await bot.get_updates(timeout=5)) == 1
    assert 409 not in [call.status for call in server.calls]


async def test_only_allowed_updates_are_queued(bot: Bot, alice: SimulatedUser) -> None:
    await bot.get_updates(allowed_updates=["edited_message"])
    hello = await alice.sends("hello")
    await alice.edits(hello, "hi")
    (update,) = await bot.get_updates()
    assert update.edited_message is not None
    await bot.get_updates(offset=update.update_id + 1, allowed_updates=[])
    await alice.sends("again")
    assert len(await bot.get_updates()) == 1


async def test_stopping_the_server_ends_a_poll(alice: SimulatedUser) -> None:
    async with BotApiServer() as server:
        bot = Bot(server.token, base_url=f"{server.url}/bot")
        poll = asyncio.create_task(bot.get_updates(timeout=50))
        await server.until(lambda: server.world.updates.is_polled)
        await server.stop()
        assert await poll == ()
        with pytest.raises(NetworkError):
            await bot.get_updates()
        await bot.shutdown()

"""Work with the same key is done in order, with other keys at once; no lock is kept."""

import asyncio

import pytest

from bot.runtime.keyed_lock import KeyedLock


async def test_work_with_the_same_key_is_done_in_order_of_arrival() -> None:
    lanes, order = KeyedLock(), []

    async def walk(name: str, key: int, turns: int) -> None:
        async with lanes.turn(key):
            for _ in range(turns):
                await asyncio.sleep(0)
            order.append(name)

    await asyncio.gather(walk("slow", 1, 9), walk("second", 1, 0), walk("other", 2, 0))
    assert order == ["other", "slow", "second"]
    assert lanes._locks == {}


async def test_a_failure_or_a_cancelled_wait_blocks_nobody() -> None:
    lanes, waiting = KeyedLock(), []

    async def enter() -> None:
        async with lanes.turn(1):
            pass

    async def fail() -> None:
        async with lanes.turn(1):
            waiting.append(asyncio.create_task(enter()))
            await asyncio.sleep(0)
            waiting[0].cancel()
            raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        await fail()
    await asyncio.wait(waiting)
    assert waiting[0].cancelled()
    await enter()
    assert lanes._locks == {}

"""Tasks that run for ever end, however often they have to be told."""

import asyncio

import pytest

from inference.protocol import tasks


async def stubborn(lost: int) -> None:
    """Loses the first cancellations."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost -= 1
            if lost < 0:
                raise


@pytest.mark.parametrize("lost", [0, 1, 2])
async def test_a_task_is_told_until_it_heeds_it(monkeypatch: pytest.MonkeyPatch, lost: int) -> None:
    monkeypatch.setattr(tasks, "_PATIENCE", 0.01)
    running = asyncio.create_task(stubborn(lost))
    await asyncio.sleep(0)
    async with asyncio.timeout(5.0):
        await tasks.end(running)
    assert running.cancelled()


async def test_several_end_together_and_what_they_raise_is_dropped() -> None:
    async def fails() -> None:
        raise ValueError("seen by nobody")

    failed = asyncio.create_task(fails())
    await asyncio.wait([failed])
    waiting = asyncio.get_running_loop().create_future()
    await tasks.end(failed, waiting)
    assert waiting.cancelled()

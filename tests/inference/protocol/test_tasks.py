"""Ending background tasks that lose cancellations."""

import asyncio

import pytest

from inference.protocol import tasks


async def swallowing(lost: int) -> None:
    """Runs forever and loses the first cancellations."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost -= 1
            if lost < 0:
                raise


@pytest.mark.parametrize("lost", [0, 1, 2])
async def test_a_task_is_cancelled_until_it_ends(
    monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    monkeypatch.setattr(tasks, "_CANCEL_INTERVAL", 0.01)
    running = asyncio.create_task(swallowing(lost))
    await asyncio.sleep(0)
    async with asyncio.timeout(5.0):
        await tasks.end(running)
    assert running.cancelled()


async def test_several_tasks_end_together_and_their_errors_are_dropped() -> None:
    async def fails() -> None:
        raise ValueError("dropped")

    failed = asyncio.create_task(fails())
    await asyncio.wait([failed])
    waiting = asyncio.get_running_loop().create_future()
    await tasks.end(failed, waiting)
    assert waiting.cancelled()

"""Background tasks: running them forever, and ending them reliably."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final, NoReturn

log = logging.getLogger(__name__)

# A task that has not ended this long after its cancellation is cancelled again.
_CANCEL_INTERVAL: Final = 1.0  # seconds
# The pause between two runs of the work, and after an error.
_PAUSE: Final = 5.0  # seconds


async def keep_going(work: Callable[[], Awaitable[None]]) -> NoReturn:
    """Run `work` every 5 seconds until this is cancelled; log its errors and go on."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("Background work failed; trying again in 5 s.")
        await asyncio.sleep(_PAUSE)


def in_background(stack: AsyncExitStack, work: Callable[[], Awaitable[None]]) -> None:
    """Keep `work` going, as `keep_going` does, until the stack closes."""
    stack.push_async_callback(end, asyncio.create_task(keep_going(work)))


async def end(*tasks: "asyncio.Future[Any]") -> None:
    """Cancel tasks again and again until they have ended. Drop what they raise.

    A single cancellation can get lost: before Python 3.12, `asyncio.wait_for`, which nats-py uses,
    swallows a cancellation that comes at the moment when its future is done
    (https://github.com/python/cpython/issues/86296).
    """
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=_CANCEL_INTERVAL)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # otherwise asyncio logs that nobody retrieved it

"""Tasks that run for ever, and how they end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn

log = logging.getLogger(__name__)

# Seconds that a task is given to heed a cancellation before it is told again.
_PATIENCE: Final = 1.0


async def keep_going(work: Callable[[], Awaitable[None]]) -> NoReturn:
    """Does `work` again and again until it is cancelled: a bug in it must not end it for good."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("Background work failed; it goes on in 5 s.")
        await asyncio.sleep(5)


async def end(*tasks: "asyncio.Future[Any]") -> None:
    """Cancels tasks until they heed it. What they raise is dropped.

    A cancellation can get lost, and once is not enough for a task that would run for ever: before
    Python 3.12 `asyncio.wait_for`, by which nats-py waits, swallows one that comes in the moment in
    which its future is done (https://github.com/python/cpython/issues/86296).
    """
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=_PATIENCE)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at, or asyncio would complain that nobody did

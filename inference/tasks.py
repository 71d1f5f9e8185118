"""Tasks that run for ever, and how they end."""

import asyncio
from typing import Any, Final

# Seconds that a task is given to heed a cancellation before it is told again.
_PATIENCE: Final = 1.0


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

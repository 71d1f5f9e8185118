"""Waiting for something to become true, without polling the clock."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Notifier:
    """Rung at every change; whoever waits looks again."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, look: Callable[[], T | None], within: float | None) -> T:
        """What `look` finds, as soon as it is not None.

        Args:
            within: seconds to wait at most; None waits for ever.

        Raises:
            TimeoutError: nothing was found in time.
        """
        async with asyncio.timeout(within):
            while (found := look()) is None:
                await self._changed.wait()
        return found

"""Waiting for a condition without polling."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Notifier:
    """Wakes everybody who waits for a condition, so that they check it again."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def notify(self) -> None:
        """Have all waiting tasks check their conditions; called after every change."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, look: Callable[[], T | None], within: float | None) -> T:
        """Return what `look` returns, as soon as that is not None.

        Args:
            within: seconds to wait at most; None waits without a limit.

        Raises:
            TimeoutError: `look` returned None for that long.
        """
        async with asyncio.timeout(within):
            while (found := look()) is None:
                await self._changed.wait()
        return found

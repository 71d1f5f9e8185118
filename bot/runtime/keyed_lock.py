"""Work with the same key one after another, in order of arrival; different keys side by side."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Hashable


class KeyedLock:
    """A lock for each key, kept only while somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    def waiting(self, key: Hashable) -> int:
        """How many hold this lane or wait for it."""
        return self._locks[key][1] if key in self._locks else 0

    @contextlib.asynccontextmanager
    async def turn(self, key: Hashable) -> AsyncIterator[None]:
        """Waits for all who came earlier with this key (asyncio.Lock serves in that order)."""
        lock, users = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks.pop(key)
            if users > 1:
                self._locks[key] = (lock, users - 1)

"""A lock for each key: work with the same key is done one after another, in order of arrival."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Hashable


class KeyedLock:
    """Locks by key, such as a chat. A lock is kept only while it is held or waited for."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    def waiting(self, key: Hashable) -> int:
        """Return how many hold the lock of this key or wait for it."""
        return self._locks[key][1] if key in self._locks else 0

    @contextlib.asynccontextmanager
    async def turn(self, key: Hashable) -> AsyncIterator[None]:
        """Hold the lock of this key, after all that asked for it earlier (as asyncio.Lock does)."""
        lock, users = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks.pop(key)
            if users > 1:
                self._locks[key] = (lock, users - 1)

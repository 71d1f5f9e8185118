"""Limits the memory that all decoding threads together use for large pictures."""

import contextlib
import threading
from collections import deque
from collections.abc import Iterator

from inference.protocol import malloc

# Requests up to this part of the budget never wait. Photos as chats send them are this small.
_SMALL = 1 / 64


class MemoryBudget:
    """Memory that decoding threads share; a thread waits for its turn if too little is left.

    Args:
        size: bytes. A picture that needs more is decoded while no other large one is.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._used = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def reserved(self, wanted: int) -> Iterator[None]:
        """Reserve `wanted` bytes, at most the whole budget, for a `with` block."""
        if wanted <= self.size * _SMALL:
            yield
            return
        share = min(wanted, self.size)
        self._reserve(share)
        try:
            yield
        finally:
            malloc.trim()  # memory that the C library keeps is not free for other threads
            with self._changed:
                self._used -= share
                self._changed.notify_all()

    def all_reserved(self) -> contextlib.AbstractContextManager[None]:
        """Reserve the whole budget for a `with` block; no other large picture is decoded then."""
        return self.reserved(self.size)

    def _reserve(self, share: int) -> None:
        # First come, first served. Otherwise a large request could wait until no more small ones
        # come.
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            self._changed.wait_for(
                lambda: self._waiting[0] is ticket and self._used + share <= self.size
            )
            self._waiting.popleft()
            self._used += share
            self._changed.notify_all()

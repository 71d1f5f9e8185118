"""Memory that decoders share, so that many large pictures at once take no more than a few do."""

import contextlib
import threading
from collections import deque
from collections.abc import Iterator

from inference.protocol import malloc

# Pictures of so small a part of the budget wait for nobody: photos as chats send them.
_SMALL = 1 / 64


class MemoryBudget:
    """So many bytes for all threads that decode; who finds too few left waits for their turn.

    Args:
        size: bytes. A picture that needs more is decoded when nothing else is.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._used = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def reserved(self, wanted: int) -> Iterator[None]:
        """Hold `wanted` bytes of the budget, or all of it where that is more than there is."""
        if wanted <= self.size * _SMALL:
            yield
            return
        share = min(wanted, self.size)
        self._take(share)
        try:
            yield
        finally:
            malloc.trim()  # what the C library would keep for later is not there for others
            with self._changed:
                self._used -= share
                self._changed.notify_all()

    def all_reserved(self) -> contextlib.AbstractContextManager[None]:
        """Hold all of the budget: nothing large is decoded meanwhile."""
        return self.reserved(self.size)

    def _take(self, share: int) -> None:
        # In order of arrival: small ones would keep a large one waiting for ever.
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            self._changed.wait_for(
                lambda: self._waiting[0] is ticket and self._used + share <= self.size
            )
            self._waiting.popleft()
            self._used += share
            self._changed.notify_all()

"""How fast the queue moves, measured from one look at it to the next."""

from collections import Counter, deque
from collections.abc import Mapping

# Seconds over which the pace is measured.
_WINDOW = 30.0
# Shorter measurements say little: workers answer in batches.
_LEAST = 2.0
_MINUTE = 60.0


class QueuePace:
    """Counts the questions that were waiting at one look and are answered at the next.

    All times are those of one clock that can't be set, in seconds.
    """

    def __init__(self) -> None:
        self._waiting: Mapping[str, int] = {}
        self._since: float | None = None  # the first look since the queue was empty
        self._answered: deque[tuple[float, int]] = deque()  # when, and in which chat

    def look(self, waiting: Mapping[str, int], now: float) -> None:
        """Note the questions that wait now.

        Args:
            waiting: the chat of each of the oldest questions in the queue, by the question's id.
        """
        gone = (chat for job_id, chat in self._waiting.items() if job_id not in waiting)
        self._answered.extend((now, chat) for chat in gone)
        while self._answered and self._answered[0][0] <= now - _MINUTE:
            self._answered.popleft()
        self._waiting = waiting
        if not waiting:
            self._since = None
        elif self._since is None:
            self._since = now

    def per_second(self, now: float) -> float | None:
        """Return how many questions are answered each second; None if that is not known."""
        if self._since is None:
            return None
        since = max(self._since, now - _WINDOW)
        answered = sum(at > since for at, _ in self._answered)
        seconds = now - since
        return answered / seconds if answered and seconds >= _LEAST else None

    def answers_in(self, chat_id: int) -> int:
        """Return how many waiting questions of a chat were answered in the last minute."""
        return Counter(chat for _, chat in self._answered)[chat_id]

"""How often something failed, and how long to wait before it is tried again."""

from collections.abc import Hashable

_LONGEST = 60.0


def backoff(attempt: int) -> float:
    """Seconds after attempt 1, 2, 3, …: 1, 2, 4, … 60."""
    return min(2.0 ** min(attempt - 1, 10), _LONGEST)


class Failures:
    """Counts failures by key, until the thing works or is given up.

    Not the queue's count of deliveries: that also grows when we stop, or when a platform is away.
    """

    def __init__(self) -> None:
        self._counts: dict[Hashable, int] = {}

    def count(self, key: Hashable) -> int:
        """One more; returns how many there are now."""
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key]

    def forget(self, key: Hashable) -> None:
        """It worked, or was given up."""
        self._counts.pop(key, None)

"""How often something failed, and how long to wait before it is tried again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

log = logging.getLogger(__name__)

_LONGEST = 60.0
# Attempts of `insist`, and their longest pause in seconds: a quarter of an hour in all. What still
# fails then is no passing trouble. Short, since others wait for whoever insists.
_INSISTENT = 180
_INSISTENT_PAUSE = 5.0

# What the database raises while it is away, or while all connections wait for it: never our fault.
DATABASE_AWAY = (DBAPIError, PoolTimeout, OSError)


def backoff(attempt: int) -> float:
    """Seconds after attempt 1, 2, 3, …: 1, 2, 4, … 60."""
    return min(2.0 ** min(attempt - 1, 10), _LONGEST)


async def insist(write: Callable[[], Awaitable[None]]) -> None:
    """Notes in the database that something was said, however often that has to be tried.

    To give up would be to say it once more, and to note that would fail as well.

    Raises:
        DATABASE_AWAY: it was not taken within a quarter of an hour.
    """
    for attempt in range(1, _INSISTENT + 1):
        try:
            await write()
        except DATABASE_AWAY as error:
            if attempt == _INSISTENT:
                raise
            pause = min(backoff(attempt), _INSISTENT_PAUSE)
            log.warning("%s; what was said is noted again in %.0f s.", error, pause)
            await asyncio.sleep(pause)
        else:
            return


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

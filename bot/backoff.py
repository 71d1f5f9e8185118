"""How often something failed, and how long to wait before it is tried again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable

from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

_LONGEST = 60.0
# Attempts of `insist`: a quarter of an hour. What still fails then is no passing trouble.
_INSISTENT = 20


def backoff(attempt: int) -> float:
    """Seconds after attempt 1, 2, 3, …: 1, 2, 4, … 60."""
    return min(2.0 ** min(attempt - 1, 10), _LONGEST)


async def insist(write: Callable[[], Awaitable[None]]) -> None:
    """Notes in the database that something was said, however often that has to be tried.

    To give up would be to say it once more, and to note that would fail as well.

    Raises:
        DBAPIError, OSError: it was not taken within a quarter of an hour.
    """
    for attempt in range(1, _INSISTENT + 1):
        try:
            await write()
        except (DBAPIError, OSError) as error:
            if attempt == _INSISTENT:
                raise
            pause = backoff(attempt)
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

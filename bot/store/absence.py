"""While the database is away: what the store raises, and how a note waits for its return."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.backoff import backoff

log = logging.getLogger(__name__)

# The last two are of connections: all of them wait, or none can be made. Never our fault.
DATABASE_AWAY = (DBAPIError, PoolTimeout, OSError)

# A quarter of an hour in all: what still fails then is no passing trouble.
_ATTEMPTS = 180
_LONGEST_PAUSE = 5.0  # seconds; short, since others wait for whoever insists


async def insist(write: Callable[[], Awaitable[None]]) -> None:
    """Notes that something was said, however often that has to be tried.

    To give up would be to say it once more, and to note that would fail as well.

    Raises:
        DATABASE_AWAY: it was not taken within a quarter of an hour.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await write()
        except DATABASE_AWAY as error:
            if attempt == _ATTEMPTS:
                raise
            pause = min(backoff(attempt), _LONGEST_PAUSE)
            log.warning("%s; what was said is noted again in %.0f s.", error, pause)
            await asyncio.sleep(pause)
        else:
            return

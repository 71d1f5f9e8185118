"""Time that does not jump when the host's clock is set, by hand or by NTP.

What happens within this process is timed by `steady`: albums, rounds of games, edits. The age of a
stored row must outlive a restart, so it is a time of the host's clock; `watch` moves these times
when that clock is set.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import NoReturn, Protocol

log = logging.getLogger(__name__)

_LOOK_EVERY = 1.0
# Seconds. NTP corrects smaller differences by running the clock a little faster or slower.
JUMP = 5.0


class Records(Protocol):
    """Has times of the host's clock; `bot.storage.Store` does."""

    async def move(self, by: float, now: float, *, fresh: float) -> None:
        """Move all times by `by` seconds; see `bot.storage.housekeeping`."""

    async def come_back_from_the_future(self, now: float) -> None:
        """Set times later than `now` to `now`."""


def elapsed() -> float:
    """Return seconds since a fixed moment; time in suspension counts if the system tells it."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


# What the host's clock showed at the moment from which `elapsed` counts.
_BEGAN = time.time() - elapsed()


def steady() -> float:
    """Return the Unix time that the clock would show if it had not been set since we started."""
    return _BEGAN + elapsed()


async def watch(
    records: Records,
    wall: Callable[[], float] = time.time,
    passed: Callable[[], float] = elapsed,
    look_every: float = _LOOK_EVERY,
) -> NoReturn:
    """Check whether the host's clock jumped, and move the times of records by the same amount.

    While the database is away, the move waits for it.

    Args:
        wall: the host's clock.
        passed: a clock that can't be set.
    """
    offset, looked = wall() - passed(), passed()
    await records.come_back_from_the_future(wall())
    while True:
        await asyncio.sleep(look_every)
        jump = wall() - passed() - offset
        if abs(jump) > JUMP:
            log.warning(
                "The host's clock was set by %+.0f s; records are moved by as much.",
                jump,
            )
            try:
                await records.move(jump, wall(), fresh=passed() - looked + look_every)
            except Exception as error:  # any: a jump that is forgotten is never corrected
                log.warning("The times of records can't be moved for now: %s", error)
                continue
        offset, looked = offset + jump, passed()

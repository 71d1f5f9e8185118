"""Time that does not jump where the host's clock is set, by hand or by NTP.

What is timed within this process uses `steady`: albums, rounds of games, edits. How old a record is
must outlive a restart, so it is told by the host's clock; `watch` moves records along with it.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import NoReturn, Protocol

log = logging.getLogger(__name__)

_LOOK_EVERY = 1.0
# Less is no jump: NTP corrects it by running the clock a little faster or slower.
JUMP = 5.0


class Records(Protocol):
    """What has times of the host's clock: `bot.storage.Store`."""

    async def move(self, by: float, now: float, *, fresh: float) -> None:
        """The clock was set by so many seconds."""

    async def come_back_from_the_future(self, now: float) -> None:
        """Nothing is younger than now."""


def elapsed() -> float:
    """Seconds since some moment; those in which the host was suspended count where it can tell."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


# The host's clock as it stood when this process began.
_BEGAN = time.time() - elapsed()


def steady() -> float:
    """Unix seconds by the clock as it stood when this process began, and time since then."""
    return _BEGAN + elapsed()


async def watch(
    records: Records,
    wall: Callable[[], float] = time.time,
    passed: Callable[[], float] = elapsed,
    look_every: float = _LOOK_EVERY,
) -> NoReturn:
    """Looks whether the host's clock jumped, and moves the times of records along with it.

    Records that can't be moved just now, since their database is away, are moved later.

    Args:
        wall: the host's clock.
        passed: a clock that nobody sets.
    """
    offset, looked = wall() - passed(), passed()
    await records.come_back_from_the_future(wall())
    while True:
        await asyncio.sleep(look_every)
        jump = wall() - passed() - offset
        if abs(jump) > JUMP:
            log.warning("The host's clock was set by %+.0f s; records are moved with it.", jump)
            try:
                await records.move(jump, wall(), fresh=passed() - looked + look_every)
            except Exception as error:  # whatever it is, a jump that is forgotten is never mended
                log.warning("Records can't be moved just now: %s", error)
                continue
        offset, looked = offset + jump, passed()

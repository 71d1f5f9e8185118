"""When work that failed is tried again. The one home of that rule.

There are two kinds of failure. A *passing* failure is that of something that is away for now: the
platform, the queue, the database. Work waits for it, however long that takes. Any other failure is
our own fault: it is logged with its traceback, tried a few times, and then given up.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable

log = logging.getLogger(__name__)

_FIRST, _LONGEST = 1.0, 60.0

Errors = tuple[type[Exception], ...]


def backoff(attempt: int, first: float = _FIRST, longest: float = _LONGEST) -> float:
    """Return the seconds to wait after attempt 1, 2, 3, …: 1, 2, 4, … 60 by default."""
    return min(first * 2.0 ** min(attempt - 1, 10), longest)


def asked_pause(error: Exception) -> float:
    """Return for how long the error asks us to wait, as `RetryLater` may; 0.0: it does not."""
    return float(getattr(error, "after", 0.0))


class Retries:
    """Says when each piece of one kind of work is tried again, and when it is given up.

    It counts failures itself. The queue's count of deliveries also grows when we stop, or when
    the platform is away.

    Args:
        passing: the errors that are waited for without end.
        attempts: how often work can fail by our own fault.
        first: seconds until the second attempt; the pauses double from there.
        longest: seconds that a pause has at most, unless an error asks for more.
    """

    def __init__(
        self, passing: Errors, attempts: int, *, first: float = _FIRST, longest: float = _LONGEST
    ) -> None:
        self._passing = passing
        self._attempts = attempts
        self._first = first
        self._longest = longest
        self._waits: dict[Hashable, int] = {}
        self._failures: dict[Hashable, int] = {}

    def after(
        self, error: Exception, what: str, key: Hashable, *, attempt: int | None = None
    ) -> float | None:
        """Log a failure. Return the seconds until the next attempt, or None: give up.

        Call it where the error is caught, so that the log has its traceback.

        Args:
            what: the work, as the log names it, with a capital letter.
            key: the work; its failures count together until `forget`.
            attempt: which attempt it was, if the caller counts passing failures.
        """
        if isinstance(error, self._passing):
            waits = attempt or _count(self._waits, key)
            pause = asked_pause(error) or backoff(waits, self._first, self._longest)
            log.warning("%s has to wait %.0f s: %s", what, pause, error)
            return pause
        failures = _count(self._failures, key)
        log.error("%s failed (attempt %d of %d).", what, failures, self._attempts, exc_info=error)
        if failures >= self._attempts:
            self.forget(key)
            return None
        return backoff(failures, self._first, self._longest)

    def forget(self, key: Hashable) -> None:
        """Forget the failures of work that is done."""
        self._waits.pop(key, None)
        self._failures.pop(key, None)


async def retry(
    work: Callable[[int], Awaitable[None]],
    what: str,
    passing: Errors,
    *,
    attempts: int | None = None,
    longest: float = _LONGEST,
) -> None:
    """Do work, and wait while it fails for now. Any other error is raised at once.

    Args:
        work: takes the number of the attempt, from 1.
        what: the work, as the log names it, with a capital letter.
        attempts: after this many, the passing error is raised as well; None: never.
        longest: seconds that a pause has at most, unless an error asks for more.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            await work(attempt)
        except passing as error:
            if attempt == attempts:
                raise
            pause = asked_pause(error) or backoff(attempt, longest=longest)
            log.warning("%s has to wait %.0f s: %s", what, pause, error)
        else:
            return
        await asyncio.sleep(pause)


def _count(counts: dict[Hashable, int], key: Hashable) -> int:
    counts[key] = counts.get(key, 0) + 1
    return counts[key]

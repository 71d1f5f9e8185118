"""Checks whether the queue stores messages, and repairs the embedded server if it can."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nats.errors import Error as NatsError

from bot.services.disk import Disk
from inference.protocol.broker.client import Queue
from inference.protocol.errors import QueueUnavailable

log = logging.getLogger(__name__)

# Seconds between two checks: while all is well, and while a stream stores nothing.
_LOOK_EVERY = 10.0
_LOOK_AGAIN = 2.0
# A single check may fail because the machine is busy.
_LOOKS_BEFORE_RESTART = 2
# Seconds between two restarts that do not help; they double up to the longest.
_RESTART_PAUSE = 30.0
_LONGEST_PAUSE = 600.0


@dataclass(frozen=True)
class OwnServer:
    """The embedded server.

    Attributes:
        disk: where its files are.
        restart: ends the server, which is then started again.
    """

    disk: Disk
    restart: Callable[[], Awaitable[None]]


class QueueHealth:
    """Checks the queue every few seconds.

    Args:
        own: the embedded server; None if NATS_URL names a server.

    Attributes:
        problem: a sentence for the operator; None while all is well.
    """

    def __init__(self, queue: Queue, own: OwnServer | None = None) -> None:
        self.problem: str | None = None
        self._queue = queue
        self._own = own
        self._refusals = 0
        self._restart_at = 0.0
        self._pause = _RESTART_PAUSE

    async def watch(self) -> None:
        """Check without end, and repair what can be repaired."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_AGAIN if self.problem else _LOOK_EVERY)

    async def look(self) -> None:
        """Check all streams; restart our server if it stores nothing while there is room."""
        if not self._queue.connected:
            self._tell("NATS is away.")  # the client looks for it, and has logged that
            return
        refused = await self._refused()
        if not refused:
            self._refusals = 0
            self._tell(None)
            return
        self._refusals += 1
        what = ", ".join(f"{name} ({reason})" for name, reason in sorted(refused.items()))
        if self._own is None:
            self._tell(
                f"The NATS server at NATS_URL stores nothing in {what}. If its disk was full, it "
                "goes on refusing until it is restarted: make room, then restart nats-server."
            )
        elif full := self._own.disk.problem():
            self._refusals = _LOOKS_BEFORE_RESTART  # once there is room, the next check restarts it
            self._tell(f"The queue stores nothing in {what}: {full}")
        else:
            self._tell(f"The embedded nats-server stores nothing in {what}, though there is room.")
            await self._restart(self._own)

    async def _refused(self) -> dict[str, str]:
        refused = await self._queue.refused_writes()
        if any("no such stream" in reason for reason in refused.values()):
            try:  # the server lost its files
                await self._queue.prepare_again()
            except (QueueUnavailable, NatsError, TimeoutError, OSError) as error:
                log.warning("%s", error)
            refused = await self._queue.refused_writes()
        return refused

    async def _restart(self, own: OwnServer) -> None:
        now = time.monotonic()
        if self._refusals < _LOOKS_BEFORE_RESTART or now < self._restart_at:
            return
        if now > self._restart_at + _LONGEST_PAUSE:
            self._pause = _RESTART_PAUSE
        log.warning("Restarting nats-server; nothing that was stored is lost.")
        self._restart_at = now + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._refusals = 0
        await own.restart()

    def _tell(self, problem: str | None) -> None:
        """Log a change, once."""
        if problem == self.problem:
            return
        if problem is None:
            log.info("The queue stores messages again.")
        elif self._queue.connected:
            log.error("%s", problem)
        self.problem = problem

"""Checks whether each part of the bot can do its work, for `/readyz` and the log."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.queues.worker_registry import WorkerRegistry
from bot.services.disk import Disk
from bot.services.queue_health import QueueHealth
from bot.storage import DATABASE_AWAY

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0
# Seconds. Health checks themselves time out after a few seconds.
DATABASE_PATIENCE = 3.0


class Health:
    """What `/readyz` says.

    Args:
        ask_database: returns once the database has answered a query.
        disk: the one with our files.
    """

    def __init__(
        self,
        queue: QueueHealth,
        ask_database: Callable[[], Awaitable[object]],
        registry: WorkerRegistry,
        disk: Disk,
    ) -> None:
        self._queue = queue
        self._ask_database = ask_database
        self._registry = registry
        self._disk = disk
        self._told: str | None = None

    async def problems(self) -> list[str]:
        """Return one line for each part that fails; it begins with the part's name."""
        found = {
            "queue": self._queue.problem,
            "database": await self._database(),
            "disk": self._disk.problem(),
            "workers": self._registry.problem,
        }
        return [f"{part}: {problem}" for part, problem in found.items() if problem]

    async def _database(self) -> str | None:
        try:
            async with asyncio.timeout(DATABASE_PATIENCE):
                await self._ask_database()
        except TimeoutError:
            return f"no answer within {DATABASE_PATIENCE:.0f} s."
        except DATABASE_AWAY as error:
            return f"it can't be used ({type(getattr(error, 'orig', None) or error).__name__})."
        return None

    async def watch_disk(self) -> None:
        """Log when the disk is full, and when there is room again."""
        while True:
            problem = self._disk.problem()
            if problem and not self._told:
                log.error("Nothing more can be stored: %s", problem)
            elif self._told and not problem:
                log.info("There is room on the disk again.")
            self._told = problem
            await asyncio.sleep(LOOK_EVERY)

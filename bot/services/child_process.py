"""A child process that is started again whenever it ends by itself."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.services.child_command import tied_to_parent
from inference.protocol import tasks
from inference.protocol.errors import OperatorError

log = logging.getLogger(__name__)

# Pauses between starts grow to this when a child keeps ending at once, in seconds.
_LONGEST_PAUSE = 30.0
_HEALTHY_AFTER = 10.0


@dataclass(frozen=True, slots=True)
class Ended:
    """A child ended by itself.

    Attributes:
        times: how often in a row.
        status: of the last time; negative for a signal, as in asyncio.
    """

    name: str
    times: int
    status: int


class Child:
    """Keeps one program running until `stop`.

    Args:
        name: for the log.
        command: returns the program and its arguments; called for each start.
        environment: the whole environment of the program.
        started: awaited after each start, for example to read a port.
        folder: where the program runs, and reads a `.env`; by default where we run.
    """

    def __init__(
        self,
        name: str,
        command: Callable[[], list[str]],
        environment: Mapping[str, str],
        *,
        started: Callable[[asyncio.subprocess.Process], Awaitable[None]] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._name = name
        self._command = command
        self._environment = dict(environment)
        self._started = started
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._began = 0.0
        self._restarting = False
        self._ended: Ended | None = None

    @property
    def ended(self) -> Ended | None:
        """How it last ended; None if it has then run for 10 s."""
        if self._ended is None:
            return None
        runs = self._process is not None and self._process.returncode is None
        is_healthy = runs and time.monotonic() - self._began > _HEALTHY_AFTER
        return None if is_healthy else self._ended

    async def start(self) -> None:
        """Start the program, and keep it running in the background."""
        process = await self._spawn()
        self._keeper = asyncio.create_task(self._keep(process), name=f"keep {self._name}")

    async def _spawn(self) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            *tied_to_parent(self._command()),
            env=self._environment,
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
        )
        self._began = time.monotonic()
        if self._started:
            try:
                await self._started(self._process)
            except BaseException:
                await self._end(self._process, 0.0)
                raise
        return self._process

    async def restart(self, patience: float) -> None:
        """End the program, within `patience` seconds; it is started again at once."""
        process = self._process
        if process is not None and process.returncode is None:
            self._restarting = True
            await self._end(process, patience)

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        pause = 0.5
        while True:
            status = await process.wait()
            if self._restarting:
                self._restarting, pause = False, 0.5
                process = await self._spawn_again(0.0)
                continue
            times = self._ended.times if self._ended else 0
            if time.monotonic() - self._began > _HEALTHY_AFTER:
                pause, times = 0.5, 0
            self._ended = Ended(self._name, times + 1, status)
            log.error(
                "%s ended by itself (status %s); starting it again in %.1f s.",
                self._name,
                status,
                pause,
            )
            process = await self._spawn_again(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _spawn_again(self, pause: float) -> asyncio.subprocess.Process:
        """Start the program after `pause` seconds; try again until it starts."""
        while True:
            await asyncio.sleep(pause)
            pause = min(max(2 * pause, 0.5), _LONGEST_PAUSE)
            try:
                return await self._spawn()
            except OperatorError as error:
                log.error("%s Trying again in %.1f s.", error, pause)  # noqa: TRY400
            except Exception:
                log.exception("%s did not start; trying again in %.1f s.", self._name, pause)

    async def stop(self, patience: float) -> None:
        """Ask the program to end; kill it after `patience` seconds."""
        if self._keeper:
            await tasks.end(self._keeper)
        if self._process:
            await self._end(self._process, patience)

    async def _end(self, process: asyncio.subprocess.Process, patience: float) -> None:
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), patience or 0.01)
        except TimeoutError:
            log.warning("%s did not end in %.0f s; killing it.", self._name, patience)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

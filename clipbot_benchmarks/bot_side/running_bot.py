"""`clipbot run` as users start it, connected to the load generator's Bot API server."""

import asyncio
import contextlib
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from bot.services.child_command import clipbot_command, tied_to_parent, with_direct_loopback
from bot.settings import BotSettings
from clipbot_benchmarks.bot_side import processes
from clipbot_benchmarks.bot_side.child import ChildProcess
from clipbot_benchmarks.bot_side.load_generator import TOKEN, LoadCommand, LoadResult
from inference.protocol.errors import OperatorError
from inference.protocol.settings import SharedSettings, WorkerSettings

T = TypeVar("T")

# High limits: the bot must refuse nobody while the queue grows.
_LIMITS = {"MAX_QUEUE": "5000", "MAX_PER_USER": "5000"}
_LOADED = re.compile(r"Model .* is ready on ")
_LOAD_TIMEOUT = 300.0  # seconds until the model is loaded
_STOP_TIMEOUT = 40.0  # seconds
_POLL_EVERY = 0.01  # seconds between two looks at the log


class RunFailed(OperatorError):
    """`clipbot run` ended by itself, or did not load its model in time."""


def environment(worker: WorkerSettings) -> dict[str, str]:
    """Return this process's environment with the worker's settings and no others of the operator.

    No proxy stands between the processes of the benchmark.
    """
    settings = {
        name.upper() for kind in (BotSettings, WorkerSettings) for name in kind.model_fields
    }
    kept = {name: value for name, value in os.environ.items() if name.upper() not in settings}
    chosen = (WorkerSettings.model_fields.keys() - SharedSettings.model_fields) | {"clip_model"}
    given = worker.model_dump(include=chosen, exclude_none=True)
    chosen_ones = {name.upper(): str(value) for name, value in given.items()}
    return with_direct_loopback({**kept, **chosen_ones})


@dataclass
class RunningBot:
    """A bot that polls, with a worker that has loaded its model.

    Attributes:
        load_generator: what it is connected to.
        data: its DATA_DIR.
        polling: seconds from its start until it polled.
        loaded: seconds from its start until its worker had loaded the model.
    """

    load_generator: ChildProcess
    data: Path
    polling: float
    loaded: float
    _process: asyncio.subprocess.Process
    _log: Path

    async def load(self, do: str, *, people: int = 1, each: int = 1, photos: int = 0) -> LoadResult:
        """Have the load generator execute a `LoadCommand`.

        Raises:
            RunFailed: the bot ended meanwhile.
        """
        doing = _load(self.load_generator, LoadCommand(do, people, each, photos))
        return await _while_it_runs(self._process, self._log, doing)

    def memory(self) -> dict[str, int]:
        """Return the resident bytes of each process; empty on systems without /proc."""
        return self._members().memory() if processes.has_proc() else {}

    def core_seconds(self) -> dict[str, float]:
        """Return the processor seconds of each process so far; empty on systems without /proc."""
        return self._members().core_seconds() if processes.has_proc() else {}

    def _members(self) -> processes.BotProcesses:
        if self._process.returncode is not None:
            raise _ended(self._process, self._log)
        return processes.members(self._process.pid)


async def _load(load_generator: ChildProcess, command: LoadCommand) -> LoadResult:
    return await load_generator.ask(msgspec.json.encode(command).decode(), LoadResult)


@contextlib.asynccontextmanager
async def running(
    load_generator: ChildProcess, url: str, folder: Path, settings: Mapping[str, str]
) -> AsyncIterator[RunningBot]:
    """Start `clipbot run` and enter the block once it polls and its model is loaded.

    Args:
        url: of the load generator's Bot API server.
        folder: an empty folder for its files.
        settings: the environment, without the settings that only the bot needs.

    Raises:
        RunFailed: it ended or did not load its model in time.
    """
    data, log = folder / "data", folder / "log"
    bot_environment = {
        **settings,
        **_LIMITS,
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": url,
        "DATA_DIR": str(data),
    }
    began = time.monotonic()
    with log.open("w") as output:
        process = await asyncio.create_subprocess_exec(
            *tied_to_parent(clipbot_command("run")),
            cwd=folder,  # which holds no `.env`
            env=bot_environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        polling, loaded = await _while_it_runs(process, log, _ready(load_generator, log, began))
        yield RunningBot(load_generator, data, polling, loaded, process, log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_TIMEOUT):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # it leads a process group of its own
            await process.wait()


async def _ready(load_generator: ChildProcess, log: Path, began: float) -> tuple[float, float]:
    return await asyncio.gather(_polling(load_generator, began), _loaded(log, began))


async def _polling(load_generator: ChildProcess, began: float) -> float:
    await _load(load_generator, LoadCommand("polled"))
    return time.monotonic() - began


async def _loaded(log: Path, began: float) -> float:
    while not _LOADED.search(_text(log)):
        if time.monotonic() - began > _LOAD_TIMEOUT:
            raise RunFailed(f"`clipbot run` did not load its model:\n{_text(log)[-2_000:]}")
        await asyncio.sleep(_POLL_EVERY)
    return time.monotonic() - began


async def _while_it_runs(process: asyncio.subprocess.Process, log: Path, doing: Awaitable[T]) -> T:
    """Return the result of `doing`, or raise `RunFailed` as soon as the bot ends."""
    done, ended = asyncio.ensure_future(doing), asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait({done, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            raise _ended(process, log)
        return done.result()
    finally:
        done.cancel()
        ended.cancel()


def _ended(process: asyncio.subprocess.Process, log: Path) -> RunFailed:
    log_end = _text(log)[-2_000:]
    return RunFailed(f"`clipbot run` ended by itself (status {process.returncode}):\n{log_end}")


def _text(log: Path) -> str:
    return log.read_text(errors="replace")

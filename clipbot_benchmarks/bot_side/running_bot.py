"""`clipbot run` as its users have it, at a Bot API server that a crowd plays."""

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

from bot.services import own_command as itself
from bot.services import parent_death as tied
from bot.services import proxy_environment as direct
from bot.settings import BotSettings
from clipbot_benchmarks.bot_side import processes
from clipbot_benchmarks.bot_side.child import Helper
from clipbot_benchmarks.bot_side.load_generator import TOKEN, Order, Told
from inference.protocol.errors import OperatorError
from inference.protocol.settings import SharedSettings, WorkerSettings

T = TypeVar("T")

# Nobody shall be refused while the queue is made to grow.
_LIMITS = {"MAX_QUEUE": "5000", "MAX_PER_USER": "5000"}
_LOADED = re.compile(r"Model .* is ready on ")
_PATIENCE = 300.0  # seconds for a model to load
_LOOK = 0.01  # seconds between looks


class RunFailed(OperatorError):
    """`clipbot run` ended, or its model was not loaded in time."""


def environment(worker: WorkerSettings) -> dict[str, str]:
    """Ours, with none of the operator's settings but those of the model and its worker, and with no
    proxy between the parts.
    """
    ours = {name.upper() for kind in (BotSettings, WorkerSettings) for name in kind.model_fields}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    chosen = (WorkerSettings.model_fields.keys() - SharedSettings.model_fields) | {"clip_model"}
    given = worker.model_dump(include=chosen, exclude_none=True)
    chosen_ones = {name.upper(): str(value) for name, value in given.items()}
    return direct.environment({**kept, **chosen_ones})


@dataclass
class Whole:
    """A bot that runs.

    Attributes:
        data: its DATA_DIR.
        polling: seconds from its start until it polled.
        loaded: seconds from its start until its worker had the model.
    """

    crowd: Helper
    data: Path
    polling: float
    loaded: float
    _process: asyncio.subprocess.Process
    _log: Path

    async def tell(self, do: str, *, people: int = 1, each: int = 1, photos: int = 0) -> Told:
        """Has the crowd do something; see `Order`.

        Raises:
            RunFailed: it can't, since the bot ended.
        """
        doing = _tell(self.crowd, Order(do, people, each, photos))
        return await _while_it_runs(self._process, self._log, doing)

    def memory(self) -> dict[str, int]:
        """Of each of its processes; empty on systems without /proc."""
        return self._members().memory() if processes.can_be_told() else {}

    def core_seconds(self) -> dict[str, float]:
        """Of each of its processes, so far; empty on systems without /proc."""
        return self._members().core_seconds() if processes.can_be_told() else {}

    def _members(self) -> processes.Members:
        if self._process.returncode is not None:
            raise _ended(self._process, self._log)
        return processes.members(self._process.pid)


async def _tell(crowd: Helper, order: Order) -> Told:
    return await crowd.ask(msgspec.json.encode(order).decode(), Told)


@contextlib.asynccontextmanager
async def running(
    crowd: Helper, url: str, folder: Path, settings: Mapping[str, str]
) -> AsyncIterator[Whole]:
    """Starts `clipbot run` in `folder`, and returns once it polls and its model is loaded.

    Args:
        folder: is there, and empty.
        settings: the whole environment but for what the bot alone needs.

    Raises:
        RunFailed: it does not get so far.
    """
    data, log = folder / "data", folder / "log"
    whole_environment = {
        **settings,
        **_LIMITS,
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": url,
        "DATA_DIR": str(data),
    }
    began = time.monotonic()
    with log.open("w") as output:
        process = await asyncio.create_subprocess_exec(
            *tied.command(itself.command("run")),
            cwd=folder,  # no `.env` there
            env=whole_environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        polling, loaded = await _while_it_runs(process, log, _ready(crowd, log, began))
        yield Whole(crowd, data, polling, loaded, process, log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(40.0):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # it leads its own group, not ours
            await process.wait()


async def _ready(crowd: Helper, log: Path, began: float) -> tuple[float, float]:
    return await asyncio.gather(_polling(crowd, began), _loaded(log, began))


async def _polling(crowd: Helper, began: float) -> float:
    await _tell(crowd, Order("polled"))
    return time.monotonic() - began


async def _loaded(log: Path, began: float) -> float:
    while not _LOADED.search(_text(log)):
        if time.monotonic() - began > _PATIENCE:
            raise RunFailed(f"`clipbot run` did not load its model:\n{_text(log)[-2_000:]}")
        await asyncio.sleep(_LOOK)
    return time.monotonic() - began


async def _while_it_runs(process: asyncio.subprocess.Process, log: Path, doing: Awaitable[T]) -> T:
    """Without its bot the crowd would wait for a long time."""
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
    last_words = _text(log)[-2_000:]
    return RunFailed(f"`clipbot run` ended by itself (status {process.returncode}):\n{last_words}")


def _text(log: Path) -> str:
    return log.read_text(errors="replace")

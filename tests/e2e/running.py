"""Run the real command in a process, with everything that it starts."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from clipbot_playground.botapi.model.chats import Message
from clipbot_playground.botapi.server import BotApiServer
from tests.waiting import until

# Variables of the host that a process needs. No others reach it.
_KEPT = ("PATH", "LANG", "TMPDIR", "SYSTEMROOT", "PYTHONPATH")
# coverage uses variables with this prefix to measure child processes.
_COVERAGE = "COVERAGE_"
COMMAND = [sys.executable, "-m", "bot"]


def is_no_place(message: Message) -> bool:
    """Return whether a message is more than a place in the queue, which its answer replaces.

    On a slow machine any picture may wait for so long that the bot tells its place.
    """
    return not is_place(message)


def is_place(message: Message) -> bool:
    """Return whether a message tells a place in the queue."""
    return (message.text or "").startswith("⏳")


def environment(**settings: object) -> dict[str, str]:
    """Return an environment with these settings and no others."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_COVERAGE)
    }
    given = {name: str(value) for name, value in settings.items()}
    return {**kept, "HF_HUB_OFFLINE": "1", **given}


class ClipbotProcess:
    """`clipbot` with these arguments, in `folder`, and with these settings only."""

    def __init__(self, folder: Path, *words: str, **settings: object) -> None:
        self._log = folder / "log"
        self._folder = folder
        self._words = words
        self._environment = environment(**{"HOME": folder, **settings})
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        """What the process and its children wrote to stdout and stderr since the first start."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the process without waiting for anything."""
        folder = self._folder
        folder.mkdir(parents=True, exist_ok=True)
        with self._log.open("a") as log:
            self._process = await asyncio.create_subprocess_exec(
                *COMMAND,
                *self._words,
                cwd=folder,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def says(self, words: str, within: float = 30.0) -> None:
        """Wait until the words are in its log."""
        await until(lambda: words in self.log, True, within)

    async def stops(self, within: float = 30.0) -> int:
        """Send SIGTERM, as a service manager does, and return the exit status."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        return await self.ends(within)

    async def ends(self, within: float = 30.0) -> int:
        """Wait until the process has ended, and return its exit status."""
        assert self._process
        return await asyncio.wait_for(self._process.wait(), within)

    def processes(self) -> dict[int, str]:
        """Return process ids and command lines of itself and of everything that it started."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            # A process may end while its files are read.
            with contextlib.suppress(OSError):
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                if stat[0] != "Z" and int(stat[3]) == self.pid:  # state, ppid, pgrp, session
                    words = (folder / "cmdline").read_bytes().split(b"\0")
                    found[int(folder.name)] = b" ".join(words).decode().strip()
        return found

    def process(self, words: str) -> int:
        """Return the id of the only process whose command line ends in these words."""
        (pid,) = [pid for pid, line in self.processes().items() if line.endswith(words)]
        return pid

    async def is_killed(self) -> None:
        """Kill it and everything that it started, with SIGKILL."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await self.ends()

    async def leaves_nothing(self, within: float = 10.0) -> None:
        """Wait until none of its processes is left."""
        await until(self.processes, {}, within)


class Clipbot(ClipbotProcess):
    """`clipbot run` at one Bot API server. Its files stay in `folder` between two starts.

    Args:
        settings: as in the environment, e.g. `CLIP_MODEL="demo"`.

    Attributes:
        database: the file, if no setting names another one.
    """

    def __init__(self, server: BotApiServer, folder: Path, **settings: object) -> None:
        defaults = {
            "TELEGRAM_BOT_TOKEN": server.token,
            "TELEGRAM_API_URL": server.url,
            "DATA_DIR": folder / "data",
            # Other tests keep the cores busy, and more threads would mostly wait for each other.
            "CLIP_THREADS": 1,
        }
        super().__init__(folder, "run", **(defaults | settings))
        self._server = server
        self.database = folder / "data" / "clipbot.db"

    async def polls(self, within: float = 30.0) -> None:
        """Wait until the bot polls for updates."""
        await self._server.until(lambda: self._server.world.updates.is_polled, within)

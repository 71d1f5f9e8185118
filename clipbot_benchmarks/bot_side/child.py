"""A child process that reads commands line by line and answers each with a line of JSON."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from bot.services.child_command import tied_to_parent
from inference.protocol.errors import OperatorError

T = TypeVar("T")

_LONGEST_LINE = 2**24  # bytes; a line with all figures has about 50 kB
_STOP_TIMEOUT = 10.0  # seconds


class ChildFailed(OperatorError):
    """The child ended early or reported an error. The text holds the end of its log."""


class ChildProcess:
    """A child that starts with `async with` and is stopped at the end of the block.

    Args:
        command: program and arguments.
        log: the file to which its standard error is appended.
        environment: its whole environment.
    """

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str]) -> None:
        self._command = command
        self._log = log
        self._environment = dict(environment)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    async def __aenter__(self) -> Self:
        with self._log.open("a") as log:
            self._process = await asyncio.create_subprocess_exec(
                *tied_to_parent(self._command),
                env=self._environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=_LONGEST_LINE,
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process
        assert self._process.stdin
        self._process.stdin.close()  # it reads commands until the end of its input
        try:
            async with asyncio.timeout(0 if error else _STOP_TIMEOUT):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def ask(self, line: str, answer: type[T]) -> T:
        """Send a command and return the answer to it.

        Raises:
            ChildFailed: it ended without an answer, or reported an error.
        """
        assert self._process
        assert self._process.stdin
        try:
            self._process.stdin.write(line.encode() + b"\n")
            await self._process.stdin.drain()
        except ConnectionError:
            pass  # it has ended: `receive` reports why
        return await self.receive(answer)

    async def receive(self, answer: type[T]) -> T:
        """Return the next answer, such as the first one, which says that the child is ready.

        Raises:
            ChildFailed: it ended without an answer, or reported an error.
        """
        assert self._process
        assert self._process.stdout
        line = await self._process.stdout.readline()
        if not line:
            log_end = self._log.read_text(errors="replace").strip()[-2_000:]
            raise ChildFailed(f"A part of the benchmark ended early:\n{log_end}")
        received: dict[str, Any] = msgspec.json.decode(line)
        if "error" in received:
            raise ChildFailed(str(received["error"]))
        return msgspec.convert(received["answer"], answer)

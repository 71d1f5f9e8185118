"""A child process that is told what to do in lines, and answers each with a line of JSON."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from bot.services import parent_death as tied
from inference.protocol.errors import OperatorError

T = TypeVar("T")

# A line of all figures has some 50 kB.
_LONGEST_LINE = 2**24
_PATIENCE = 10.0  # seconds for its end


class HelperFailed(OperatorError):
    """It ended, or said that something is wrong; the text holds its last words."""


class Helper:
    """Starts with `async with`, and ends with the block.

    Args:
        command: program and arguments.
        log: file for what it writes to standard error.
        environment: the whole environment.
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
                *tied.command(self._command),
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
        self._process.stdin.close()  # it reads until the end
        try:
            async with asyncio.timeout(0 if error else _PATIENCE):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def ask(self, line: str, answer: type[T]) -> T:
        """Says a line, and waits for the answer to it.

        Raises:
            HelperFailed: there is none.
        """
        assert self._process
        assert self._process.stdin
        try:
            self._process.stdin.write(line.encode() + b"\n")
            await self._process.stdin.drain()
        except ConnectionError:
            pass  # it has ended; what it said last is told below
        return await self.hear(answer)

    async def hear(self, answer: type[T]) -> T:
        """Waits for an answer that was not asked for, such as that it is ready.

        Raises:
            HelperFailed: it ended without one, or complained.
        """
        assert self._process
        assert self._process.stdout
        line = await self._process.stdout.readline()
        if not line:
            last_words = self._log.read_text(errors="replace").strip()[-2_000:]
            raise HelperFailed(f"A part of the benchmark ended early:\n{last_words}")
        heard: dict[str, Any] = msgspec.json.decode(line)
        if "error" in heard:
            raise HelperFailed(str(heard["error"]))
        return msgspec.convert(heard["answer"], answer)

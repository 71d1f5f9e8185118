"""`clipbot playground`, which `make demo` runs: the command in a process of its own."""

import contextlib
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.running import ClipbotProcess
from tests.waiting import until

# A loopback address as /proc/net/tcp writes it.
_LOOPBACK = "0100007F"
_LISTENS = "0A"


@contextlib.asynccontextmanager
async def _playground(
    folder: Path, *words: str, **settings: object
) -> AsyncIterator[ClipbotProcess]:
    command = ClipbotProcess(folder, "playground", *words, **settings)
    await command.start()
    try:
        yield command
    finally:
        with contextlib.suppress(ProcessLookupError):
            await command.is_killed()


async def test_the_page_answers_soon_and_control_c_ends_all(tmp_path: Path) -> None:
    browser = tmp_path / "xdg-open"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    began = time.monotonic()
    async with _playground(tmp_path, "--port", "0", "--open", PATH=path) as command:
        url = await _url(command)
        async with httpx.AsyncClient(base_url=url) as client:
            assert (await client.get("/")).status_code == 200
            assert time.monotonic() - began < 20
            # No model is set or cached, so that the bundled one answers, which the page shows.
            model = (await _figures(client))["model"]
        assert (model["name"], model["stands_in"]) == ("demo", True)
        opened = tmp_path / "opened"
        await until(lambda: opened.exists() and opened.read_text(), f"{url}\n", 60)
        await until(lambda: _has(command, "worker") and _has(command, "run"), True, 60)
        assert _listening(command.processes()) == {_LOOPBACK}
        os.killpg(command.pid, signal.SIGINT)  # as a terminal does
        assert await command.ends() == 0
        await command.leaves_nothing()
        assert command.log == f"The playground is at {url} (Ctrl-C ends it).\n"


async def test_a_used_port_or_folder_is_one_sentence(tmp_path: Path) -> None:
    async with _playground(tmp_path, "--port", "0", "--model", "demo") as command:
        port = (await _url(command)).rpartition(":")[2]
        async with _playground(tmp_path / "other", "--port", port) as refused:
            assert await refused.ends() == 2
            assert refused.log.startswith(f"clipbot: --port: 127.0.0.1:{port} can't be used")
            assert refused.log.count("\n") == 1
        async with _playground(
            tmp_path / "third", "--port", "0", DATA_DIR=tmp_path / "data"
        ) as refused:
            assert await refused.ends() == 2
            assert refused.log.startswith("clipbot: Another playground runs in ")
            assert refused.log.count("\n") == 1


async def _url(command: ClipbotProcess) -> str:
    await command.says("(Ctrl-C ends it)")
    return next(word for word in command.log.split() if word.startswith("http://127.0.0.1:"))


def _has(command: ClipbotProcess, child: str) -> bool:
    return any(line.endswith(f" {child}") for line in command.processes().values())


async def _figures(client: httpx.AsyncClient) -> dict[str, Any]:
    """Return the panel's figures from the first event."""
    async with client.stream("GET", "/play/events") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                events = json.loads(line.removeprefix("data: "))["events"]
                (figures,) = [event for event in events if event["is"] == "figures"]
                return dict(figures)
    raise AssertionError("the stream ended")


def _listening(family: Iterable[int]) -> set[str]:
    """Return the addresses that these processes listen on, as the kernel writes them."""
    sockets = set()
    for process_id in family:
        for file in Path(f"/proc/{process_id}/fd").glob("*"):
            with contextlib.suppress(OSError):
                sockets.add(str(file.readlink()).removeprefix("socket:[").removesuffix("]"))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENS and fields[9] in sockets:
                found.add(fields[1].partition(":")[0])
    return found

"""The download of a model as a process beside the playground: `clipbot download`.

A process can be ended at any moment, also while it waits for the hub. What it has received stays in
the hub's cache, where the next one continues.
"""

import asyncio
from collections.abc import Mapping

from bot.services.child_command import clipbot_command, tied_to_parent

_ERRORS_KEPT = 2**16  # bytes


class DownloadFailed(Exception):
    """A model could not be fetched; `str(error)` is one sentence."""


async def fetch(model: str, environment: Mapping[str, str]) -> None:
    """Fetch a model into the hub's cache. To stop the download, cancel this.

    Args:
        environment: the whole environment of the process.

    Raises:
        DownloadFailed: the hub or the disk fails.
    """
    process = await asyncio.create_subprocess_exec(
        *tied_to_parent([*clipbot_command("download"), model]),
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    said = b""
    try:
        while piece := await process.stderr.read(_ERRORS_KEPT):
            said = (said + piece)[-_ERRORS_KEPT:]
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = said.decode(errors="replace").split("\n")
        reason = next((line.strip() for line in reversed(lines) if line.strip()), "")
        raise DownloadFailed(reason or f"The download ended with status {process.returncode}.")

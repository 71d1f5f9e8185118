"""The panel "under the bonnet" against what the test counts itself."""

import os
import signal
from pathlib import Path

from playwright.async_api import expect

from tests.e2e.playground.desk import PHRASES, Desk
from tests.inference.asker import until


async def test_the_figures_are_true(desk: Desk) -> None:
    tab = await desk.tab("Nils")
    server = desk.playground.server
    worker = _child("worker")
    os.kill(worker, signal.SIGSTOP)
    try:
        for _ in range(2):
            await tab.attaches("a-red-circle")
            await tab.says(PHRASES)
        await expect(desk.figure(tab, "depth")).to_have_text("2")
    finally:
        os.kill(worker, signal.SIGCONT)
    await expect(tab.answers.locator(".words")).to_have_count(2)
    await expect(desk.figure(tab, "depth")).to_have_text("0")
    for method in ("sendPhoto", "getUpdates"):

        async def agrees(method: str = method) -> bool:
            counted = sum(call.method == method for call in server.calls)
            return await desk.figure(tab, method).inner_text() == str(counted)

        await until(agrees, True)
    assert len(server.calls_of("sendPhoto")) >= 2


def _child(words: str) -> int:
    """The id of this process's child whose command line ends in these words."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            line = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it ended while we looked
            continue
        if parent == os.getpid() and b" ".join(line).decode().strip().endswith(words):
            return int(folder.name)
    raise LookupError(words)

"""The figures of the system panel are those that the test counts itself."""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.playground.browser_session import PHRASES, BrowserSession, Tab
from tests.waiting import until


async def test_the_figures_are_true(session: BrowserSession) -> None:
    tab = await session.tab("Nils")
    worker = _child("worker")
    os.kill(worker, signal.SIGSTOP)
    try:
        for _ in range(2):
            await tab.attaches("a-red-circle")
            await tab.says(PHRASES)
        await expect(session.figure(tab, "depth")).to_have_text("2")
    finally:
        os.kill(worker, signal.SIGCONT)
    await expect(tab.answers.locator(".words")).to_have_count(2)
    await expect(session.figure(tab, "depth")).to_have_text("0")
    # Jobs that waited together form one batch.
    await expect(session.figure(tab, "batch")).to_have_text("2")
    await until(lambda: _agree(session, tab), True, within=60)
    assert len(session.playground.server.calls_of("sendPhoto")) >= 2


async def test_a_job_is_shown_with_its_batch(session: BrowserSession) -> None:
    tab = await session.tab("Olga")
    before = int(await session.figure(tab, "finished").inner_text())
    await tab.attaches("a-red-circle", "a-blue-square", "a-yellow-star")
    await tab.says(PHRASES)
    await expect(tab.answers).to_have_count(1)
    await expect(session.figure(tab, "finished")).to_have_text(str(before + 1))
    await expect(session.figure(tab, "batch")).to_have_text("3")
    row = tab.page.locator("#works li").first
    await expect(row).to_contain_text("batch of 3 · 3 pictures × 2 phrases")
    parts = row.locator("small span")
    await expect(parts).to_have_text(
        [re.compile(rf"^{name} [\d.]+\s(ms|s)$") for name in ("queued", "decode", "model", "chart")]
    )


async def test_a_call_is_shown_as_the_server_recorded_it(session: BrowserSession) -> None:
    tab = await session.tab("Pia")
    await tab.attaches("a-red-circle")
    await tab.says(PHRASES)
    await expect(tab.answers).to_have_count(1)
    await until(lambda: _agree(session, tab), True, within=60)
    noted = session.playground.server.calls_of("sendPhoto")[-1]
    row = tab.page.locator("#calls li", has_text="sendPhoto").first
    shown = await row.locator("summary span").all_inner_texts()
    number, unit = shown[0].split("\u00a0")
    assert float(number) == pytest.approx(
        noted.seconds * (1000 if unit == "ms" else 1), abs=0.51 if unit == "ms" else 0.051
    )
    assert shown[1] == f"{int(noted.size / 1000 + 0.5)} kB"
    await row.locator("summary").click()
    await expect(row.locator("pre")).to_contain_text(f'"chat_id": "{noted.parameters["chat_id"]}"')


async def test_calls_of_get_updates_are_shown_on_demand(session: BrowserSession) -> None:
    tab = await session.tab()
    polls = tab.page.locator("#calls li", has_text="getUpdates")
    for _ in range(2):
        await tab.page.get_by_label("show getUpdates").check()
        await expect(polls.first).to_be_visible()
        await tab.page.get_by_label("show getUpdates").uncheck()
        await expect(polls).to_have_count(0)


async def _agree(session: BrowserSession, tab: Tab) -> bool:
    """Return whether the numbers of calls are those of the server at this moment."""
    calls = session.playground.server.calls
    counted = [
        len(calls),
        sum(call.method == "sendPhoto" for call in calls),
        sum(call.method == "getUpdates" for call in calls),
    ]
    names = ("calls", "sendPhoto", "getUpdates")
    shown = [await session.figure(tab, name).inner_text() for name in names]
    return shown == [str(number) for number in counted]


def _child(words: str) -> int:
    """Return the id of this process's child whose command line ends with these words."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            line = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has just ended
            continue
        if parent == os.getpid() and b" ".join(line).decode().strip().endswith(words):
            return int(folder.name)
    raise LookupError(words)

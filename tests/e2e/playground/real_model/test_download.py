"""Getting the real CLIP in the page: its download is cut, paused, resumed and cancelled."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from clipbot_playground.launcher import Playground
from inference.model.hub.cache import model_folder
from tests.e2e.playground.browser_session import PATIENCE, PHRASES, BrowserSession
from tests.e2e.playground.real_model.banner import amount, banner, step
from tests.inference.model.hub.hub_server import REPOSITORY, WEIGHTS, FakeHub

_DEMO = "The demo model answers. It knows drawings, not photographs."


def _partial(hub: FakeHub) -> Path:
    return model_folder(REPOSITORY) / "blobs" / f"{hub.etag(WEIGHTS)}.incomplete"


async def test_from_the_button_to_the_answer_of_the_real_model(
    browser: Browser, hub: FakeHub, playground: Playground
) -> None:
    size = len(hub.files[WEIGHTS])
    first, half = 6_000_000, size // 2
    hub.failures.cuts = [first, 3_000_000]
    hub.may_continue.clear()
    async with playground:
        session = BrowserSession(playground, browser)
        tab = await session.tab()
        note, page = banner(tab), tab.page
        await expect(note).to_contain_text(_DEMO)
        # The keyboard reaches the button, and the focus stays in the banner.
        await step(tab, "Get the real CLIP (25 MB)").focus()
        await page.keyboard.press("Enter")
        await expect(step(tab, "Pause")).to_be_focused()
        # Two cuts, then the hub stops in the middle.
        found = f"{round(half / 1e6)} of 25 MB"
        await expect(amount(tab)).to_contain_text(found, timeout=2 * PATIENCE)
        ranges = [one.headers.get("range") for one in hub.fetched(WEIGHTS) if "else" in one.path]
        assert ranges == [None, f"bytes={first}-", f"bytes={first + 3_000_000}-"]
        bar = note.get_by_role("progressbar", name="Download")
        value, most = await bar.evaluate("bar => [bar.value, bar.max]")
        assert (value, most) == (pytest.approx(half, abs=2**16), size)
        # The demo model answers meanwhile.
        await tab.attaches("a-red-circle")
        await tab.says(PHRASES)
        await expect(tab.answers.locator(".picture img")).to_have_count(1)
        await expect(session.figure(tab, "model")).to_contain_text("demo · ready")
        await tab.says("/help")
        await expect(tab.answers.last).to_contain_text("This bot runs its small demo model")
        # A reload and another tab show the same.
        await page.reload()
        other = await session.tab()
        for seen in (tab, other):
            await expect(amount(seen)).to_contain_text(f"{round(half / 1e6)} of 25 MB")
        await step(other, "Pause").click()
        await expect(note).to_contain_text("The download of the real CLIP is paused.")
        await expect(step(tab, "Resume")).to_be_visible()
        received = _partial(hub).stat().st_size
        assert half - 2**16 < received <= half
        hub.may_continue.set()
        await step(tab, "Resume").click()
        await expect(note).to_contain_text("The real CLIP answers from now on.")
        assert hub.fetched(WEIGHTS)[-1].headers["range"] == f"bytes={received}-"
        await expect(session.figure(tab, "model")).to_contain_text(f"{REPOSITORY} · ready")
        await tab.says("a red circle, a blue square, a car")
        await expect(tab.answers.locator(".picture img")).to_have_count(2)
        charts = [call for call in playground.server.calls if call.method == "sendPhoto"]
        assert len(charts) == 2
        await tab.says("/help")
        await expect(tab.answers.last).to_contain_text("/labels")
        await expect(tab.answers.last).not_to_contain_text("demo model")
        await session.close_tabs()
        assert session.complaints == []
        assert playground.server.violations == []

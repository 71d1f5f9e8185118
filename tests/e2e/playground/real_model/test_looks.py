"""Every state of the offer on a screen and on a phone. People can look at the screenshots."""

from typing import Any, cast

import pytest
from playwright.async_api import Browser, Page, expect

from clipbot_playground.page.offer import ModelOffer
from tests.e2e.playground.axe_core import violations
from tests.e2e.playground.browser_session import SHOTS, BrowserSession
from tests.e2e.playground.real_model.banner import banner
from tests.e2e.playground.scripted_playground import ScriptedPlayground

_MODEL = "openai/clip-vit-base-patch32"
_SIZE = 605_157_884
_FULL = (
    f"{_MODEL} can't be downloaded: the disk is full: 305 MB are still to come, and there is room "
    "for 12 MB; make room for the cache /home/somebody/.cache/huggingface/hub, or move the cache "
    "with HF_HOME."
)
_STATES: dict[str, dict[str, Any]] = {
    "offered": {},
    "here": {"here": True, "received": _SIZE},
    "starting": {"state": "fetching"},
    "fetching": {"state": "fetching", "received": 84_000_000, "speed": 4.2e6, "left": 124.0},
    "slow": {"state": "fetching", "received": 84_000_000, "speed": 31_000.0, "left": 16_800.0},
    "paused": {"state": "paused", "received": 300_000_000},
    "full": {"state": "failed", "received": 300_000_000, "reason": _FULL},
    "loading": {"state": "loading", "here": True, "received": _SIZE},
}
_SAID = {
    "offered": "Get the real CLIP (605 MB)",
    "here": "Use the real CLIP",
    "starting": "0 of 605 MB",
    "fetching": "84 of 605 MB · 4.2 MB/s · 2 min left",
    "slow": "84 of 605 MB · 31 kB/s · 4 h 40 min left",
    "paused": "300 of 605 MB",
    "full": "300 of 605 MB",
    "loading": "The real CLIP is downloaded and is getting ready",
}


class _ScriptedOffer:
    """An offer whose state a test sets."""

    def __init__(self) -> None:
        self.shown: dict[str, Any] = {}

    def to_json(self) -> dict[str, Any]:
        first = {"model": _MODEL, "state": "offered", "reason": "", "here": False}
        amounts = {"received": 0, "size": _SIZE, "speed": 0.0, "left": None}
        return {**first, **amounts, **self.shown}


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_all_states_fit_and_axe_finds_nothing(browser: Browser, axe: str, theme: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    offer = _ScriptedOffer()
    async with ScriptedPlayground(offer=cast("ModelOffer", offer)) as scripted:
        scripted.site.add_person("Alex")
        session = BrowserSession(scripted, browser)
        tab = await session.tab(bypass_csp=True)
        page = tab.page
        await page.evaluate(axe)
        await page.evaluate("name => { document.documentElement.dataset.theme = name; }", theme)
        for width, height in ((1280, 800), (390, 844)):
            await page.set_viewport_size({"width": width, "height": height})
            for state, shown in _STATES.items():
                offer.shown = shown
                scripted.server.world.notifier.notify()
                await expect(banner(tab)).to_contain_text(_SAID[state])
                await _fits(page)
                path = SHOTS / f"real-model-{theme}-{width}-{state}.png"
                await page.screenshot(path=path, animations="disabled")
                assert await violations(page, "#banner") == [], state
        await session.close_tabs()
        assert session.complaints == []


async def _fits(page: Page) -> None:
    """Nothing in the banner is outside of it, and all buttons stand in one line."""
    inside = """() => {
        const all = [...document.querySelectorAll("#banner, #banner *:not(svg, use)")];
        const buttons = [...document.querySelectorAll("#banner .steps button")];
        const lines = new Set(buttons.map((it) => it.offsetTop));
        return lines.size <= 1 && all.every((it) => it.getBoundingClientRect().right <= innerWidth);
    }"""
    assert await page.evaluate(inside)

"""The playground in a real Chromium: what a person does in the page, and what the panel says."""

import shutil
from pathlib import Path

import httpx
import pytest

from bot.playground.front.playground import Playground, PlaygroundSettings
from inference.settings import load

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_SHOTS = Path(__file__).parents[2] / "test-output"


async def test_strangers_are_refused(tmp_path: Path, model: str) -> None:
    settings = load(PlaygroundSettings, data_dir=tmp_path, clip_model=model)
    async with Playground(settings, 0) as playground, httpx.AsyncClient() as client:
        assert (await client.get(playground.url)).status_code == 200
        for name, value in (("host", "evil.example"), ("origin", "http://evil.example")):
            answer = await client.get(playground.url, headers={name: value})
            assert answer.status_code == 403
        assert (await client.post(f"{playground.url}/play/send", json={})).status_code == 404


@pytest.mark.skipif(_CHROMIUM is None, reason="no chromium is installed")
async def test_a_sample_gets_its_chart(tmp_path: Path, model: str, has_demo: bool) -> None:
    if not has_demo:
        pytest.skip("the bundled model is not there")
    from playwright.async_api import async_playwright

    settings = load(PlaygroundSettings, data_dir=tmp_path, clip_model=model)
    _SHOTS.mkdir(exist_ok=True)
    async with Playground(settings, 0) as playground, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        complaints: list[str] = []
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(playground.url)
        await page.get_by_label("Sample pictures").click()
        await page.locator(".sample", has=page.get_by_alt_text("two blue squares")).click()
        chart = page.locator("#thread li:not(.own) .picture img")
        await chart.wait_for(timeout=40_000)
        await page.wait_for_function(
            "document.querySelector('#thread li:not(.own) .picture img').naturalWidth > 0"
        )
        words = await page.locator("#thread li:not(.own) .words").inner_text()
        assert "🏆 two blue squares" in words
        await page.fill("#words", "/labels a red circle, a blue square")
        await page.keyboard.press("Enter")
        await page.locator("#thread li:not(.own)", has_text="Noted").wait_for()
        counted = len(playground.server.calls_of("sendPhoto"))
        shown = page.locator("[data-figure=sendPhoto]")
        await page.wait_for_function(
            f"document.querySelector('[data-figure=sendPhoto]').textContent === '{counted}'"
        )
        assert await shown.inner_text() == "1"
        assert await page.locator("[data-figure=batch]").inner_text() == "1"
        await page.screenshot(path=_SHOTS / "playground-1280x800.png")
        await page.reload()
        await chart.wait_for()
        await page.get_by_label("Close the panel").click()
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.locator("#chat-list button").first.click()
        await page.screenshot(path=_SHOTS / "playground-390x844.png")
        await browser.close()
        assert complaints == []

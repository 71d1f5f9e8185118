"""axe-core checks every part of the page, in light and dark."""

import colorsys
import re
from importlib.resources import files

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.playground.axe_core import violations
from tests.e2e.playground.browser_session import PHRASES, SHOTS, BrowserSession
from tests.e2e.playground.scripted_playground import ScriptedPlayground


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing(session: BrowserSession, axe: str, theme: str) -> None:
    tab = await session.tab(f"Paula {theme}", bypass_csp=True)
    await tab.page.emulate_media(reduced_motion="reduce")
    await tab.page.evaluate("name => { document.documentElement.dataset.theme = name; }", theme)
    await tab.page.evaluate(axe)
    found = {"empty chat": await violations(tab.page)}
    await tab.attaches("a-red-circle")
    found["attached"] = await violations(tab.page)
    await tab.says(PHRASES)
    await expect(tab.answers.locator(".picture img")).to_have_count(1)
    await tab.says("/language")
    await tab.answers.get_by_role("button", name="Español").click()
    await tab.is_told("español")
    await tab.own.first.hover()
    found["chat"] = await violations(tab.page)
    await tab.page.screenshot(path=SHOTS / f"playground-{theme}.png")
    await tab.own.first.get_by_role("button", name="Edit", exact=True).click()
    for name in ("Commands", "Sample pictures"):
        await tab.page.get_by_role("button", name=name, exact=True).click()
        await expect(tab.page.locator("#popover")).to_be_visible()
        found[name] = await violations(tab.page)
        await tab.page.keyboard.press("Escape")
    for name in ("Add person", "New group"):
        await tab.page.get_by_role("button", name=name, exact=True).click()
        found[name] = await violations(tab.page)
        await tab.page.keyboard.press("Escape")
    await tab.own.locator(".picture").click()
    found["enlarged"] = await violations(tab.page)
    assert {where: lines for where, lines in found.items() if lines} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_in_a_group(browser: Browser, axe: str, theme: str) -> None:
    async with ScriptedPlayground() as scripted:
        people = [scripted.site.add_person(name) for name in ("Rita", "Sven", "Tina")]
        group = scripted.server.group("Choir", people)
        for person in people:
            await person.sends("La, la.", to=group)
        session = BrowserSession(scripted, browser)
        tab = await session.tab(bypass_csp=True)
        await tab.page.emulate_media(reduced_motion="reduce")
        await tab.page.evaluate("name => { document.documentElement.dataset.theme = name; }", theme)
        await tab.page.evaluate(axe)
        await tab.page.locator("#chat-list button", has_text="Choir").click()
        await expect(tab.answers.locator(".sender")).to_have_count(2)
        assert await violations(tab.page) == []
        await session.close_tabs()


@pytest.mark.parametrize(
    ("sheet", "selector", "ground"),
    [
        ("thread", "\n.bubble .sender", "#ffffff"),  # --in of theme.css
        ("thread", '[data-theme="dark"] .bubble .sender', "#1d2a37"),
        ("frame", ".face", "#ffffff"),  # its letter
    ],
)
async def test_colours_of_any_hue_can_be_read(sheet: str, selector: str, ground: str) -> None:
    written = (files("clipbot_playground.page") / "static" / "css" / f"{sheet}.css").read_text(
        "utf-8"
    )
    rule = written.partition(f"{selector} {{")[2].partition("}")[0]
    made = re.search(r"hsl\(var\(--hue[^)]*\) (\d+)% (\d+)%\)", rule)
    assert made is not None
    saturation, lightness = (int(part) / 100 for part in made.groups())
    below = _luminance(*(int(ground[at : at + 2], 16) / 255 for at in (1, 3, 5)))
    for hue in range(360):
        above = _luminance(*colorsys.hls_to_rgb(hue / 360, lightness, saturation))
        darker, lighter = sorted((above, below))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, hue


def _luminance(*colour: float) -> float:
    """Return the relative luminance (WCAG 2.2) of red, green and blue in 0..1."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

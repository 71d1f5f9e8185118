"""axe-core's checks of every part of the page, in light and dark."""

from importlib.resources import files

import pytest
from playwright.async_api import Page, expect

from tests.e2e.playground.desk import PHRASES, SHOTS, Desk


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing(desk: Desk, axe: str, theme: str) -> None:
    tab = await desk.tab(f"Paula {theme}", bypass_csp=True)
    await tab.page.emulate_media(reduced_motion="reduce")
    await tab.page.evaluate("name => { document.documentElement.dataset.theme = name; }", theme)
    await tab.page.evaluate(axe)
    found = {"empty chat": await _violations(tab.page)}
    await tab.attaches("a-red-circle")
    found["attached"] = await _violations(tab.page)
    await tab.says(PHRASES)
    await expect(tab.answers.locator(".picture img")).to_have_count(1)
    await tab.says("/language")
    await tab.answers.get_by_role("button", name="Español").click()
    await tab.is_told("español")
    await tab.own.first.hover()
    found["chat"] = await _violations(tab.page)
    await tab.page.screenshot(path=SHOTS / f"playground-{theme}.png")
    await tab.own.first.get_by_role("button", name="Edit", exact=True).click()
    for name in ("Commands", "Sample pictures"):
        await tab.page.get_by_role("button", name=name, exact=True).click()
        await expect(tab.page.locator("#popover")).to_be_visible()
        found[name] = await _violations(tab.page)
        await tab.page.keyboard.press("Escape")
    for name in ("Add person", "New group"):
        await tab.page.get_by_role("button", name=name, exact=True).click()
        found[name] = await _violations(tab.page)
        await tab.page.keyboard.press("Escape")
    await tab.own.locator(".picture").click()
    found["enlarged"] = await _violations(tab.page)
    assert {where: lines for where, lines in found.items() if lines} == {}


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core, which this package carries along."""
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


async def _violations(page: Page) -> list[str]:
    """What axe-core says against the page as it is now, a line for each element."""
    return list(
        await page.evaluate(
            """async () => {
                const tags = ["wcag2a", "wcag2aa"];
                const { violations } = await axe.run({ runOnly: { type: "tag", values: tags } });
                return violations.flatMap((v) => v.nodes.map(
                    (n) => `${v.id}: ${n.target} ${n.failureSummary}`));
            }"""
        )
    )

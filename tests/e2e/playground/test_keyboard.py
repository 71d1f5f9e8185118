"""The page without a mouse."""

from playwright.async_api import expect

from tests.e2e.playground.desk import Desk


async def test_the_keyboard(desk: Desk) -> None:
    tab = await desk.tab("Mona")
    menu, words = tab.page.locator("#popover"), tab.page.locator("#words")
    await tab.page.get_by_role("button", name="Commands").click()
    await expect(menu.locator(".command b").first).to_be_visible()
    assert "/labels" in await menu.locator(".command b").all_inner_texts()
    await tab.page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    await expect(words).to_be_focused()
    await words.press_sequentially("one")
    await words.press("Shift+Enter")
    await words.press_sequentially("two")
    await expect(tab.own).to_have_count(0)
    await words.press("Enter")
    await expect(tab.own.locator(".words")).to_contain_text("one\ntwo")
    await expect(words).to_have_value("")
    await expect(tab.answers).to_have_count(1)
    await tab.points_at(tab.own, "Reply")
    await tab.page.keyboard.press("Escape")
    await expect(tab.page.locator("#context")).to_be_hidden()

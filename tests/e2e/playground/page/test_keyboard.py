"""The page without a mouse."""

from playwright.async_api import expect

from tests.e2e.playground.browser_session import PHRASES, BrowserSession


async def test_enter_sends_and_escape_closes(session: BrowserSession) -> None:
    tab = await session.tab("Mona")
    menu, words = tab.page.locator("#popover"), tab.page.locator("#words")
    server = session.playground.server
    await server.until(lambda: server.world.commands, 60)  # a bot that just started has no menu yet
    await tab.page.get_by_role("button", name="Commands", exact=True).click()
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


async def test_a_sample_is_sent_and_edited_without_a_mouse(session: BrowserSession) -> None:
    tab = await session.tab("Nora")
    keys, words = tab.page.keyboard, tab.page.locator("#words")
    await words.focus()
    await keys.press("Shift+Tab")
    await expect(tab.page.get_by_label("Sample pictures")).to_be_focused()
    await keys.press("Enter")
    await expect(tab.page.locator(".sample").first).to_be_focused()
    await keys.press("Enter")
    await expect(words).to_be_focused()
    await expect(tab.answers).to_have_count(1)
    await keys.press("ArrowUp")
    await expect(tab.page.locator("#context-title")).to_have_text("Edit message")
    await keys.press("ControlOrMeta+A")
    await keys.type(PHRASES)
    await keys.press("Enter")
    await expect(tab.own.locator(".words")).to_contain_text(PHRASES)
    await expect(tab.answers.locator(".meta")).to_contain_text("edited")


async def test_chats_and_people_can_be_reached_with_the_keyboard(session: BrowserSession) -> None:
    tab = await session.tab()
    group = tab.page.locator("#chat-list button", has_text="Picture club")
    await group.focus()
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.locator("#title")).to_have_text("Picture club")
    await expect(tab.page.locator("#words")).to_be_focused()
    await tab.page.get_by_role("button", name="Add person").focus()
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_label("Name")).to_be_focused()
    await tab.page.keyboard.press("Escape")
    await expect(tab.page.locator("#dialog")).to_be_hidden()
    await expect(tab.page.get_by_role("button", name="Add person")).to_be_focused()

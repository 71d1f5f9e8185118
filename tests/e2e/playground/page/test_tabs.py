"""A reloaded tab and a second tab show the same."""

from playwright.async_api import Browser, expect

from tests.e2e.playground.browser_session import BrowserSession
from tests.e2e.playground.scripted_playground import ScriptedPlayground


async def test_two_tabs_and_a_reload_show_the_same(session: BrowserSession) -> None:
    tab = await session.tab("Lena")
    await tab.says("/help")
    await expect(tab.answers).to_have_count(1)
    other = await session.tab()
    await other.speaks_as("Lena")
    await expect(other.answers).to_have_count(1)
    await other.says("/privacy")
    await expect(tab.answers).to_have_count(2)
    said = await tab.page.locator("#thread .words").all_inner_texts()
    await tab.page.reload()
    await expect(tab.answers).to_have_count(2)
    assert await tab.page.locator("#thread .words").all_inner_texts() == said
    await expect(tab.page.locator("#speaker option:checked")).to_have_text("Lena")


async def test_the_banners_text_stays_selected(session: BrowserSession) -> None:
    tab, other = await session.tab(), await session.tab("Rosa")
    await tab.page.locator("#banner span").first.click(click_count=3)
    selected = "getSelection().toString()"
    sentence = await tab.page.evaluate(selected)
    assert "The demo model answers." in sentence
    before = await session.figure(tab, "calls").inner_text()
    await other.says("/help")
    await expect(session.figure(tab, "calls")).not_to_have_text(before)
    assert await tab.page.evaluate(selected) == sentence


async def test_the_chat_with_the_latest_activity_comes_first(session: BrowserSession) -> None:
    tab, other = await session.tab("Yves"), await session.tab("Zoe")
    names = tab.page.locator("#chat-list .name")
    await tab.says("/help")
    await expect(names.first).to_have_text("Clip as Yves")
    await other.says("/help")
    await expect(names.first).to_have_text("Clip as Zoe")
    await expect(names.nth(1)).to_have_text("Clip as Yves")
    await expect(tab.page.locator("#title")).to_have_text("Clip")
    await expect(tab.page.locator("#chat-list [aria-current] .name")).to_have_text("Clip as Yves")


async def test_people_begin_in_the_private_chat_although_the_bot_greets_a_group(
    browser: Browser,
) -> None:
    async with ScriptedPlayground() as scripted:
        alex = scripted.site.add_person("Alex")
        scripted.server.world.chats[alex.user.id].since -= 60  # seconds; the greeting is later
        group = scripted.server.group("Zoo", [alex])
        await scripted.bot.send_message(group.id, "Hello!")
        session = BrowserSession(scripted, browser)
        tab = await session.tab()
        names = tab.page.locator("#chat-list .name")
        await expect(names).to_have_text(["Clip", "Zoo"])
        await tab.says("hi")
        await expect(tab.own).to_have_count(1)
        await scripted.bot.send_message(group.id, "Anybody here?")
        await expect(names).to_have_text(["Zoo", "Clip"])
        await session.close_tabs()
        assert session.complaints == []

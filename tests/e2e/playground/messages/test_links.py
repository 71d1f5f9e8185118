"""Links in messages: to the bot itself, which is here and not in Telegram, and to other places."""

from playwright.async_api import expect
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from tests.e2e.playground.browser_session import BrowserSession
from tests.e2e.playground.scripted_playground import ScriptedPlayground


async def test_a_link_to_the_bot_starts_it_in_the_private_chat_of_who_clicks(
    scripted_session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab = await scripted_session.tab("Leonor")
    (leonor,) = [p for p in scripted.site.people.values() if p.user.first_name == "Leonor"]
    group = scripted.server.group("Link club", [leonor])
    link = f"https://t.me/{scripted.server.world.bot.username}?start=set_a-B_1"
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("Start", url=link)]])
    await tab.page.locator("#chat-list button").filter(has_text="Link club").click()
    await scripted.bot.send_message(group.id, f"Keep this: {link}", reply_markup=markup)
    await tab.page.set_viewport_size({"width": 390, "height": 844})
    for count, opened in enumerate(("#thread .words a", "#thread .keyboard a"), start=1):
        await tab.page.locator(opened).click()
        await expect(tab.page.locator("#subtitle")).to_have_text("bot")
        await expect(tab.own.locator(".words")).to_contain_text(["/start set_a-B_1"] * count)
        await tab.page.get_by_label("Back to the chats").click()
        await tab.page.locator("#chat-list button").filter(has_text="Link club").click()
    assert len(tab.page.context.pages) == 1  # no other page was opened


async def test_a_link_to_somebody_else_opens_another_page(
    scripted_session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab = await scripted_session.tab("Mirta")
    await tab.says("hello")
    await expect(tab.own).to_have_count(1)
    (mirta,) = [p for p in scripted.site.people.values() if p.user.first_name == "Mirta"]
    await scripted.bot.send_message(mirta.user.id, f"{scripted.url}/page/icon.svg")
    async with tab.page.context.expect_page() as opened:
        await tab.page.locator("#thread .words a").click()
    assert (await opened.value).url.endswith("/page/icon.svg")
    await expect(tab.own).to_have_count(1)

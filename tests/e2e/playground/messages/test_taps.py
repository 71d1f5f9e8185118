"""Buttons under charts, hidden pictures, files and inline mode, as the page shows them."""

import asyncio

from playwright.async_api import expect
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputFile,
    InputTextMessageContent,
)

from tests.e2e.playground.browser_session import PHRASES, SHOTS, BrowserSession
from tests.e2e.playground.scripted_playground import ScriptedPlayground
from tests.playground.botapi.pictures import picture


async def test_the_buttons_under_a_chart(session: BrowserSession) -> None:
    tab = await session.tab("Tamara")
    await tab.attaches("a-red-circle")
    await tab.says(PHRASES)
    buttons = tab.answers.locator(".keyboard button")
    await expect(buttons).to_have_text(["Other phrases", "Save these", "Copy as text"])
    await tab.answers.get_by_role("button", name="Copy as text").click()
    await expect(tab.answers.last).to_contain_text("a blue square")
    await expect(tab.answers).to_have_count(2)
    await tab.answers.get_by_role("button", name="Save these").click()
    await tab.is_told("Saved.")
    await tab.answers.get_by_role("button", name="Other phrases").click()
    await expect(tab.page.locator("#context-title")).to_have_text("Reply to Clip")
    await tab.page.screenshot(path=SHOTS / "taps.png")
    await tab.says("a yellow star, a green tree")
    await expect(tab.answers.last.locator(".picture")).to_be_visible()
    await tab.page.set_viewport_size({"width": 360, "height": 740})
    await tab.page.locator("#chat-list button").first.click()
    for button in await tab.answers.last.locator(".keyboard button").all():
        box = await button.bounding_box()
        assert box
        assert box["height"] < 50  # one line
        assert box["x"] + box["width"] <= 360
    await tab.page.screenshot(path=SHOTS / "taps-phone.png")


async def test_a_hidden_picture_is_shown_by_a_tap_and_so_is_its_chart(
    session: BrowserSession,
) -> None:
    tab = await session.tab("Ulla")
    await tab.attaches("a-red-circle")
    await tab.page.get_by_label("Hide until tapped").check()
    await tab.says(PHRASES)
    hidden = tab.page.get_by_role("button", name="Hidden picture. Show it.")
    await expect(tab.answers.locator(".picture")).to_be_visible()
    await expect(hidden).to_have_count(2)
    await tab.page.screenshot(path=SHOTS / "spoiler.png")
    await hidden.last.click()
    await expect(hidden).to_have_count(1)
    await expect(tab.page.locator("#dialog")).to_be_hidden()
    await tab.answers.get_by_role("button", name="Enlarge").click()
    await expect(tab.page.locator("#dialog")).to_be_visible()


async def test_a_file_of_the_bot_can_be_saved(
    scripted: ScriptedPlayground, scripted_session: BrowserSession
) -> None:
    tab = await scripted_session.tab("Vera")
    await tab.says("/privacy")
    await expect(tab.own).to_have_count(1)
    (vera,) = [p for p in scripted.site.people.values() if p.user.first_name == "Vera"]
    keyboard = InlineKeyboardMarkup.from_button(InlineKeyboardButton("Again", callback_data="x"))
    await scripted.bot.send_document(
        vera.user.id, InputFile(b'{"a": 1}', filename="my-data.json"), "All data"
    )
    await scripted.bot.send_photo(
        vera.user.id, picture(400, 300), "dog", reply_markup=keyboard, has_spoiler=True
    )
    async with tab.page.expect_download() as download:
        await tab.answers.first.locator("a.file").click()
    assert (await download.value).suggested_filename == "my-data.json"
    await expect(tab.answers.last.locator(".keyboard button")).to_have_text("Again")
    await tab.page.screenshot(path=SHOTS / "file.png")


async def test_inline_mode(scripted: ScriptedPlayground, scripted_session: BrowserSession) -> None:
    tab = await scripted_session.tab("Wanda")
    scripted.server.world.updates.drop_pending()
    words = tab.page.locator("#words")

    async def offers(*titles: str) -> None:
        (update,) = await scripted.bot.get_updates(-1, timeout=10)
        assert update.inline_query
        assert update.inline_query.query == "do"
        await update.inline_query.answer(
            [
                InlineQueryResultArticle(
                    str(number),
                    title,
                    InputTextMessageContent(f"Next photo: {title}"),
                    description="a dog, a cat, a hamster",
                )
                for number, title in enumerate(titles)
            ]
        )

    await words.focus()
    typing = words.press_sequentially("@clip_test_bot do")
    await asyncio.gather(typing, offers("Classify the next photo with “do”", "Pets"))
    choices = tab.page.locator("#popover .choice")
    await expect(choices).to_have_count(2)
    await tab.page.screenshot(path=SHOTS / "inline.png")
    await choices.last.click()
    await expect(tab.own.last).to_contain_text("Next photo: Pets")
    await expect(tab.own.last).to_contain_text("via @clip_test_bot")
    await expect(words).to_have_value("")
    await expect(tab.page.locator("#popover")).to_be_hidden()

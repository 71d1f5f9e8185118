"""Answers of the bot, and replies, questions, buttons and edits."""

from playwright.async_api import expect

from tests.e2e.playground.browser_session import PHRASES, BrowserSession


async def test_a_reply_with_other_phrases(session: BrowserSession) -> None:
    tab = await session.tab("Fanny")
    await tab.attaches("a-red-circle")
    await tab.says("a dog, a cat")
    await expect(tab.answers).to_have_count(1)
    await tab.points_at(tab.own.first, "Reply")
    await expect(tab.page.locator("#context-title")).to_have_text("Reply to Fanny")
    await tab.says(PHRASES)
    await expect(tab.own.last.locator(".quote")).to_contain_text("Fanny")
    await expect(tab.answers.last.locator(".words")).to_contain_text("🏆 a red circle")
    await expect(tab.page.locator("#context")).to_be_hidden()


async def test_the_question_after_a_photo_without_a_caption(session: BrowserSession) -> None:
    tab = await session.tab("Gustav")
    await tab.attaches("a-blue-square")
    await tab.says()
    await expect(tab.answers).to_contain_text("Which phrases")
    await expect(tab.page.locator("#context-title")).to_have_text("Reply to Clip")
    await tab.says(PHRASES)
    await expect(tab.own.last.locator(".quote")).to_contain_text("Which phrases")
    await expect(tab.answers.locator(".words").last).to_contain_text("🏆 a blue square")


async def test_a_button_and_its_toast(session: BrowserSession) -> None:
    tab = await session.tab("Hanna")
    await tab.says("/language")
    await tab.answers.get_by_role("button", name="Español").click()
    await tab.is_told("español")


async def test_an_edited_caption_edits_the_answer(session: BrowserSession) -> None:
    tab = await session.tab("Ivo")
    await tab.attaches("a-red-circle")
    await tab.says("a dog, a cat")
    await expect(tab.answers.locator(".picture img")).to_have_count(1)
    await tab.points_at(tab.own.first, "Edit")
    await expect(tab.page.locator("#words")).to_have_value("a dog, a cat")
    await tab.says(PHRASES)
    await expect(tab.answers.locator(".words")).to_contain_text("🏆 a red circle")
    await expect(tab.answers).to_have_count(1)
    await expect(tab.own.locator(".meta")).to_contain_text("edited")
    await expect(tab.page.locator("#words")).to_have_value("")


async def test_stored_phrases_are_used_for_a_picture_without_a_caption(
    session: BrowserSession,
) -> None:
    tab = await session.tab("Xaver")
    await tab.says(f"/labels {PHRASES}")
    await expect(tab.answers).to_contain_text("Noted")
    await tab.attaches("a-red-circle")
    await tab.says()
    await expect(tab.answers.last.locator(".words")).to_contain_text("🏆 a red circle")

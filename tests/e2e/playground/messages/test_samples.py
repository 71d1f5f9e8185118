"""Sample pictures with their own captions, with written ones, and in games."""

from playwright.async_api import expect

from clipbot_playground.botapi.model.chats import Chat, Message
from tests.e2e.playground.browser_session import BrowserSession, Tab
from tests.e2e.playground.scripted_playground import ScriptedPlayground


async def _group(
    session: BrowserSession, scripted: ScriptedPlayground, title: str, *names: str
) -> tuple[Tab, Chat]:
    """Open a group of new people in a tab, in which the first of them writes."""
    people = [scripted.site.add_person(name) for name in names]
    group = scripted.server.group(title, people)
    tab = await session.tab()
    await tab.page.locator("#chat-list button", has_text=title).click()
    await tab.speaks_as(names[0])
    return tab, group


async def _sends_the_owl(tab: Tab, use: str = "") -> None:
    before = await tab.own.count()
    await tab.page.get_by_label("Sample pictures").click()
    if use:
        await tab.page.get_by_label(use, exact=True).check()
    await tab.page.locator(".sample", has=tab.page.get_by_alt_text("an owl")).click()
    await expect(tab.own).to_have_count(before + 1)


def _last(chat: Chat) -> Message:
    return list(chat.messages.values())[-1]


async def test_a_sample_in_a_group_can_start_a_game(
    scripted_session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab, group = await _group(scripted_session, scripted, "Sample club", "Sally")
    await tab.page.get_by_label("Sample pictures").click()
    await expect(tab.page.get_by_label("Sort it")).to_be_checked()
    await tab.page.keyboard.press("Escape")
    for use, start in (("Sort it", "/classify "), ("Beat CLIP", "/guess ")):
        await _sends_the_owl(tab, use)
        caption = _last(group).caption
        assert caption is not None
        assert caption.startswith(start)
        assert "an owl" in caption.removeprefix(start).split(", ")
    await _sends_the_owl(tab, "Caption duel")
    assert _last(group).caption == "/duel"


async def test_written_text_becomes_the_caption_of_a_sample(
    scripted_session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab, group = await _group(scripted_session, scripted, "Writers", "Wanda")
    await tab.page.fill("#words", "/guess a dog, a cat")
    await _sends_the_owl(tab)
    assert _last(group).caption == "/guess a dog, a cat"
    await expect(tab.page.locator("#words")).to_have_value("")


async def test_a_sample_can_be_sent_as_a_reply(
    scripted_session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab, group = await _group(scripted_session, scripted, "Sample hunters", "Hetty")
    hunt = await scripted.bot.send_message(group.id, "Photo hunt: find an owl!")
    await expect(tab.answers).to_have_count(1)
    await tab.points_at(tab.answers.first, "Reply")
    await tab.page.get_by_label("Sample pictures").click()
    await expect(tab.page.get_by_label("No caption")).to_be_checked()
    await tab.page.keyboard.press("Escape")  # the samples only
    await _sends_the_owl(tab)
    found = _last(group)
    assert found.caption is None
    assert found.reply_to is not None
    assert found.reply_to.message_id == hunt.message_id
    await expect(tab.page.locator("#context")).to_be_hidden()


async def test_samples_have_captions_in_the_language_of_the_person(
    scripted_session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    sara = scripted.site.add_person("Sara de Sevilla", "es")
    tab = await scripted_session.tab()
    await tab.speaks_as("Sara de Sevilla")
    await tab.page.get_by_label("Sample pictures").click()
    await tab.page.locator(".sample", has=tab.page.get_by_alt_text("un búho")).click()
    await expect(tab.own).to_have_count(1)
    caption = _last(sara.chat).caption
    assert caption is not None
    assert "un búho" in caption.split(", ")
    assert len(caption.split(", ")) >= 4

"""What any bot can show: alerts, edits, deletions, chat actions, questions, odd texts."""

import pytest
from playwright.async_api import expect
from telegram import ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters

from clipbot_playground.page.system_panel import Work
from tests.e2e.playground.browser_session import BrowserSession
from tests.e2e.playground.scripted_playground import ScriptedPlayground
from tests.playground.botapi.pictures import picture


@pytest.fixture
def session(scripted_session: BrowserSession) -> BrowserSession:
    return scripted_session


def _buttons(*texts: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(text, callback_data=text) for text in texts]]
    )


async def _chat(scripted: ScriptedPlayground, name: str) -> int:
    """Wait until a person has written, and return their private chat."""
    user = next(user for user in scripted.server.world.users.values() if user.first_name == name)
    await scripted.server.until(lambda: scripted.server.world.chats[user.id].started)
    return user.id


async def test_an_alert_waits_until_it_is_read(
    session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab = await session.tab("Ada")
    await tab.says("hello")
    await scripted.bot.send_message(
        await _chat(scripted, "Ada"), "Sure?", reply_markup=_buttons("Yes")
    )
    button = tab.answers.get_by_role("button", name="Yes")
    await button.click()
    await expect(button).to_have_attribute("aria-busy", "true")
    query = await scripted.pressed()
    await query.answer("It can't be undone.", show_alert=True)
    box = tab.page.get_by_role("dialog")
    await expect(box).to_contain_text("It can't be undone.")
    await expect(tab.page.locator("#toasts p")).to_have_count(0)
    await tab.page.keyboard.press("Escape")
    await expect(box).to_be_hidden()
    await expect(button).not_to_have_attribute("aria-busy", "true")


async def test_an_answer_is_edited_and_deleted_in_place(
    session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab = await session.tab("Ben")
    await tab.says("hello")
    said = await scripted.bot.send_message(
        await _chat(scripted, "Ben"), "One moment…", reply_markup=_buttons("Stop", "Go on")
    )
    await expect(tab.answers.locator(".keyboard button")).to_have_text(["Stop", "Go on"])
    await said.edit_text("Done.", reply_markup=_buttons("Again"))
    await expect(tab.answers.locator(".words")).to_contain_text("Done.")
    await expect(tab.answers.locator(".meta")).to_contain_text("edited")
    await expect(tab.answers.locator(".keyboard button")).to_have_text(["Again"])
    await expect(tab.answers).to_have_count(1)
    await said.delete()
    await expect(tab.answers).to_have_count(0)


async def test_a_chat_action_is_shown_under_the_bots_name(
    session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab = await session.tab("Cleo")
    await tab.says("hello")
    chat = await _chat(scripted, "Cleo")
    await scripted.bot.send_chat_action(chat, "upload_photo")
    await expect(tab.page.locator("#subtitle")).to_have_text("uploading photo…")
    await scripted.bot.send_message(chat, "There.")
    await expect(tab.page.locator("#subtitle")).to_have_text("bot")


async def test_a_question_begins_a_reply_only_for_the_person_asked(
    session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    dora = scripted.site.add_person("Dora")
    emil = scripted.site.add_person("Emil")
    group = scripted.server.group("Two of us", [dora, emil])
    tab, other = await session.tab(), await session.tab()
    for each, name in ((tab, "Dora"), (other, "Emil")):
        await each.page.locator("#chat-list button", has_text="Two of us").click()
        await each.speaks_as(name)
    asked = await dora.sends("/classify", to=group)
    await scripted.bot.send_message(
        group.id,
        "Which phrases?",
        reply_markup=ForceReply(selective=True),
        reply_parameters=ReplyParameters(asked.message_id),
    )
    await expect(tab.page.locator("#context-title")).to_have_text("Reply to Clip")
    await expect(other.answers.last).to_contain_text("Which phrases?")
    await expect(other.page.locator("#context")).to_be_hidden()
    await tab.says("a dog, a cat")
    await expect(other.answers.last.locator(".quote")).to_contain_text("Which phrases?")


async def test_a_question_sets_the_placeholder(
    session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab = await session.tab("Doris")
    await tab.says("hello")
    chat = await _chat(scripted, "Doris")
    words = tab.page.locator("#words")
    await expect(words).to_have_attribute("placeholder", "Message")
    asks = ForceReply(input_field_placeholder="a dog, a cat")
    await scripted.bot.send_message(chat, "Which phrases?", reply_markup=asks)
    await expect(words).to_have_attribute("placeholder", "a dog, a cat")
    await tab.page.reload()
    await expect(words).to_have_attribute("placeholder", "a dog, a cat")
    await tab.page.get_by_role("button", name="Cancel", exact=True).click()
    await expect(words).to_have_attribute("placeholder", "Message")
    await tab.points_at(tab.answers.last, "Reply")
    await expect(words).to_have_attribute("placeholder", "a dog, a cat")
    await tab.says("a cow")
    await expect(words).to_have_attribute("placeholder", "Message")


async def test_whom_a_question_is_for(
    session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    people = [scripted.site.add_person(name) for name in ("Dirk", "Elsa", "Finn")]
    group = scripted.server.group("Three of us", people)
    tab = await session.tab()
    await tab.page.locator("#chat-list button", has_text="Three of us").click()
    dirk, elsa, _ = people
    asked = await dirk.sends("/classify", to=group)
    mention = f'<a href="tg://user?id={elsa.user.id}">Elsa</a>, which phrases?'
    for selective, text, meant in (
        (True, "Which phrases?", {"Dirk"}),
        (True, mention, {"Dirk", "Elsa"}),
        (False, "Which phrases, everybody?", {"Dirk", "Elsa", "Finn"}),
    ):
        markup = ForceReply(selective=selective, input_field_placeholder="a dog")
        reply = ReplyParameters(asked.message_id)
        await scripted.bot.send_message(
            group.id, text, parse_mode="HTML", reply_markup=markup, reply_parameters=reply
        )
        for person in people:
            name = person.user.first_name
            await tab.speaks_as(name)
            context = tab.page.locator("#context")
            await expect(context).to_be_visible(visible=name in meant)
            hint = "a dog" if name in meant else "Message"
            await expect(tab.page.locator("#words")).to_have_attribute("placeholder", hint)


async def test_texts_are_shown_and_never_run(
    session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab = await session.tab("<b>Eve</b>")
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    await tab.says(evil)
    await expect(tab.own.locator(".words")).to_contain_text(evil)
    chat = next(
        c for c in scripted.server.world.chats.values() if c.started and c.messages[1].text == evil
    )
    markup = InlineKeyboardMarkup([[InlineKeyboardButton(evil, url="https://example.org/")]])
    await scripted.bot.send_message(
        chat.id,
        '<b>bold <i>both</i></b> <a href="https://example.org/a">link</a> &lt;u&gt;no&lt;/u&gt;',
        parse_mode="HTML",
        reply_markup=markup,
    )
    words = tab.answers.locator(".words")
    await expect(words).to_contain_text("bold both link <u>no</u>")
    await expect(words.locator("b i")).to_have_text("both")
    await expect(words.locator("a")).to_have_attribute("rel", "noopener noreferrer")
    await expect(tab.answers.locator(".keyboard a")).to_have_text(evil)
    assert await tab.page.locator("#thread script, #thread img").count() == 0


async def test_the_menu_is_in_the_language_of_the_person(
    session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    await scripted.bot.set_my_commands([("labels", "Your phrases")])
    await scripted.bot.set_my_commands([("labels", "Tus frases")], language_code="es")
    scripted.site.add_person("Fernanda", "es")
    tab = await session.tab()
    for name, description in (("Alex", "Your phrases"), ("Fernanda", "Tus frases")):
        await tab.speaks_as(name)
        await tab.page.get_by_role("button", name="Commands").click()
        await expect(tab.page.locator("#popover .command")).to_have_text(f"/labels{description}")
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.locator("#words")).to_have_value("/labels ")
        await tab.page.fill("#words", "")


async def test_a_question_does_not_interrupt_writing(
    session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab = await session.tab("Gina")
    await tab.says("hello")
    chat = await _chat(scripted, "Gina")
    words, context = tab.page.locator("#words"), tab.page.locator("#context-title")
    await words.fill("a draft")
    await tab.points_at(tab.own, "Edit")
    await scripted.bot.send_message(chat, "Which phrases?", reply_markup=ForceReply())
    await expect(tab.answers).to_have_count(1)
    await expect(context).to_have_text("Edit message")
    await tab.page.keyboard.press("Escape")
    await expect(words).to_have_value("a draft")
    await scripted.bot.send_message(chat, "Which ones?", reply_markup=ForceReply())
    await expect(tab.answers).to_have_count(2)
    await expect(context).to_be_hidden()
    await words.fill("")
    await scripted.bot.send_message(chat, "Well?", reply_markup=ForceReply())
    await expect(context).to_have_text("Reply to Clip")


async def test_screen_readers_do_not_repeat_messages(
    session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab = await session.tab("Hugo")
    await tab.says("hello")
    chat = await _chat(scripted, "Hugo")
    said = await scripted.bot.send_message(chat, "One.")
    await expect(tab.answers).to_have_count(1)
    await tab.page.evaluate(
        """() => {
            window.added = [];
            new MutationObserver((all) => all.forEach((change) => change.addedNodes.forEach(
                (node) => added.push(node.querySelector(".words").firstChild.textContent))))
                .observe(document.getElementById("thread"), { childList: true });
        }"""
    )
    await scripted.bot.send_photo(chat, picture(40, 30), "Two.")
    await expect(tab.answers).to_have_count(2)
    await said.edit_text("One, corrected.")
    await expect(tab.answers.first).to_contain_text("One, corrected.")
    assert await tab.page.evaluate("added") == ["Two.", "One, corrected."]


async def test_a_failed_job_is_marked(
    session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab = await session.tab()
    scripted.system_panel.works.append(Work(1, 0.0, 1, 2, 1, 0.1, 0.1, 0.1, 0.1, "image_truncated"))
    scripted.system_panel.revision += 1
    scripted.server.world.notifier.notify()
    await expect(tab.page.locator("#works li")).to_contain_text("failed: image truncated")


async def test_a_hidden_tab_has_no_connection(
    session: BrowserSession, scripted: ScriptedPlayground
) -> None:
    tab = await session.tab("Iris")
    await tab.says("hello")
    chat = await _chat(scripted, "Iris")
    await scripted.bot.send_message(chat, "One.")
    await expect(tab.answers).to_have_count(1)
    await tab.speaks_as("Alex")
    shows = """hidden => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    async with tab.page.expect_event("requestfailed", lambda asked: "events" in asked.url):
        await tab.page.evaluate(shows, True)
    await scripted.bot.send_message(chat, "Two.")
    await scripted.bot.send_message(chat, "Three.")
    await tab.page.evaluate(shows, False)
    row = tab.page.locator("#chat-list button", has_text="as Iris")
    await expect(row.locator(".unread")).to_have_text("2")
    await tab.speaks_as("Iris")
    await expect(tab.answers).to_have_count(3)
    await expect(row.locator(".unread")).to_have_count(0)

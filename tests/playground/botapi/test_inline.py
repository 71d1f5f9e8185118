"""Inline queries, deep links, and being added to groups."""

import asyncio

import pytest
from telegram import (
    Bot,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    Update,
)
from telegram.error import BadRequest

from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.specification import faults_of_object


def article(
    id_: str = "1", title: str = "Pets", text: str = "dog, cat"
) -> InlineQueryResultArticle:
    return InlineQueryResultArticle(id_, title, InputTextMessageContent(text), description="2")


async def _next(bot: Bot, after: int = 0) -> Update:
    return (await bot.get_updates(offset=after, timeout=10))[0]


async def test_a_person_chooses_what_the_bot_offers(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    group = server.group("Friends", [alice])
    server.world.updates.drop_pending()

    async def answers() -> Update:
        update = await _next(bot)
        assert update.inline_query is not None
        await update.inline_query.answer([article()], cache_time=0, is_personal=True)
        return update

    asking = alice.queries("dog", chat=group)
    offered, update = await asyncio.gather(asking, answers())
    assert faults_of_object("Update", server.world.updates.pending[0].to_json()) == []
    assert update.inline_query is not None
    assert (update.inline_query.query, update.inline_query.chat_type) == ("dog", "supergroup")
    assert update.inline_query.from_user.id == alice.user.id
    assert [(c.title, c.description) for c in offered.choices] == [("Pets", "2")]
    assert offered.is_personal
    said = await alice.chooses(offered, "Pets", to=group)
    assert said.text == "dog, cat"
    heard = (await _next(bot, update.update_id + 1)).message  # though privacy mode is on
    assert heard is not None
    assert heard.via_bot is not None
    assert (heard.via_bot.id, heard.from_user) == (bot.id, update.inline_query.from_user)
    assert faults_of_object("Message", said.to_json()) == []
    with pytest.raises(ValueError, match="no choice 'Cars'"):
        await alice.chooses(offered, "Cars")
    with server.expecting("query is too old"), pytest.raises(BadRequest, match="too old"):
        await update.inline_query.answer([article()])


async def test_a_button_above_the_choices_starts_the_bot(bot: Bot, alice: SimulatedUser) -> None:
    async def answers() -> Update:
        update = await _next(bot)
        assert update.inline_query is not None
        button = InlineQueryResultsButton("Save some first", start_parameter="sets")
        await update.inline_query.answer([], button=button)
        return update

    offered, update = await asyncio.gather(alice.queries(), answers())
    assert update.inline_query is not None
    assert update.inline_query.chat_type == "sender"
    assert (offered.choices, offered.button) == ((), "Save some first")
    started = await alice.starts(offered.start_parameter)
    assert started.text == "/start sets"
    assert started.entities[0].type == "bot_command"


@pytest.mark.parametrize(
    ("results", "button", "complaint"),
    [
        ([article("")], None, "Result_id_invalid"),
        ([article("ä" * 33)], None, "Result_id_invalid"),
        ([article(), article()], None, "Result_id_duplicate"),
        ([article(title=" ")], None, "Article_title_empty"),
        ([article(text=" ")], None, "Message_empty"),
        ([article(text="x" * 4097)], None, "Message_too_long"),
        ([article(str(number)) for number in range(51)], None, "Too many inline query results"),
        ([], InlineQueryResultsButton(" ", start_parameter="x"), "Switch_pm_text_empty"),
        ([], InlineQueryResultsButton("Start"), "Start_param_empty"),
        ([], InlineQueryResultsButton("Start", start_parameter="ä"), "Start_param_invalid"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_refused(
    server: BotApiServer,
    bot: Bot,
    alice: SimulatedUser,
    results: list[InlineQueryResultArticle],
    button: InlineQueryResultsButton | None,
    complaint: str,
) -> None:
    query_id = server.world.query(alice.user, "", alice.chat)
    with server.expecting(), pytest.raises(BadRequest, match=complaint):
        # `current_offset` would cut the list at 50.
        await bot.answer_inline_query(query_id, results, button=button)
    with server.expecting("query ID is invalid"), pytest.raises(BadRequest):
        await bot.answer_inline_query("123", [])
    assert server.world.inline_answers[query_id] is None


async def test_inline_mode_can_be_off() -> None:
    async with BotApiServer(inline=False) as server, Bot("42:TEST", f"{server.url}/bot") as bot:
        assert (await bot.get_me()).supports_inline_queries is False
        with pytest.raises(ValueError, match="inline mode is off"):
            await server.person("Alice").queries()


async def test_queries_have_at_most_256_characters(alice: SimulatedUser) -> None:
    with pytest.raises(ValueError, match="256"):
        await alice.queries("🐶" * 129)


async def test_links_start_the_bot(bot: Bot, alice: SimulatedUser) -> None:
    await alice.opens("https://t.me/clip_test_bot?start=set_a-B_9")
    message = (await _next(bot)).message
    assert message is not None
    assert message.text == "/start set_a-B_9"
    assert (await alice.opens("https://t.me/clip_test_bot")).text == "/start"
    for link in (
        "https://t.me/other_bot?start=x",
        "https://example.org/clip_test_bot?start=x",
        "https://t.me/clip_test_bot?start=a%20b",
        f"https://t.me/clip_test_bot?start={'x' * 65}",
    ):
        with pytest.raises(ValueError, match=r"no link to the bot|ignore the start parameter"):
            await alice.opens(link)


async def test_people_add_and_remove_the_bot(
    server: BotApiServer, bot: Bot, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    group = server.group("Friends", [alice, bob])
    server.removes_bot(group, bob)
    server.adds_bot(group, bob)
    changes = [u.my_chat_member for u in await bot.get_updates() if u.my_chat_member]
    assert [
        (c.from_user.first_name, c.old_chat_member.status, c.new_chat_member.status)
        for c in changes
    ] == [("Alice", "left", "member"), ("Bob", "member", "kicked"), ("Bob", "kicked", "member")]
    assert await bot.send_message(group.id, "hello")


async def test_new_kinds_of_updates_come_only_if_they_are_allowed(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    await bot.get_updates(allowed_updates=["message", "inline_query"])
    group = server.group("Friends", [alice])
    server.world.query(alice.user, "dog", group)
    await bot.get_updates(allowed_updates=["my_chat_member"])
    server.world.query(alice.user, "cat", group)
    server.removes_bot(group, alice)
    updates = server.world.updates.pending
    assert [update.type for update in updates] == ["message", "inline_query", "my_chat_member"]


async def test_admins_can_be_anonymous(
    server: BotApiServer, bot: Bot, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    group = server.group("Friends", [alice, bob])
    server.world.updates.drop_pending()
    await alice.sends("/help", to=group, anonymous=True)
    message = (await _next(bot)).message
    assert message is not None
    assert message.sender_chat is not None
    assert message.from_user is not None
    assert (message.sender_chat.id, message.from_user.username) == (group.id, "GroupAnonymousBot")
    assert faults_of_object("Update", server.world.updates.pending[0].to_json()) == []
    with pytest.raises(ValueError, match="Bob is no admin of Friends"):
        await bob.sends("/help", to=group, anonymous=True)

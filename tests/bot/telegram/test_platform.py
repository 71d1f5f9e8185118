"""Charts with buttons, spoilers, files, inline queries and membership: what comes and goes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from telegram import Bot
from telegram.ext import ExtBot

from bot.platform.incoming import Author, InlineQuery, MembershipChanged
from bot.platform.models import MessageRef
from bot.platform.ports import Button, InlineResult, PicturesNotAllowed, TargetGone
from bot.telegram.incoming import ALLOWED_UPDATES, parse_update
from bot.telegram.platform import TelegramPlatform
from bot.telegram.request import AiohttpRequest
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.bot.telegram.messages import ALICE, PRIVATE
from tests.playground.botapi.pictures import picture

BUTTONS = ((Button("Other phrases", "answer:phrases"),), (Button("Save these", "answer:save"),))
CHART = picture(900, 300)
GROUP = {"id": -100, "type": "supergroup", "title": "Friends", "is_forum": True}
OURS = {"id": 42, "is_bot": True, "first_name": "clipbot", "username": "clip_bot"}


@pytest.fixture
def server(bot_api_server: BotApiServer) -> BotApiServer:
    return bot_api_server


@pytest_asyncio.fixture
async def telegram_bot(server: BotApiServer) -> AsyncIterator[ExtBot[None]]:
    requests = [AiohttpRequest(server.url, 4) for _ in range(2)]
    async with ExtBot(
        server.token,
        f"{server.url}/bot",
        f"{server.url}/file/bot",
        request=requests[0],
        get_updates_request=requests[1],
    ) as bot:
        yield bot


@pytest.fixture
def platform(telegram_bot: ExtBot[None]) -> TelegramPlatform:
    return TelegramPlatform(telegram_bot)


@pytest.fixture
def alice(server: BotApiServer) -> SimulatedUser:
    return server.person("Alice")


async def asked_by(alice: SimulatedUser) -> MessageRef:
    said = await alice.sends(picture(20, 20), caption="a dog, a cat")
    return MessageRef(alice.user.id, said.message_id)


async def test_a_chart_has_buttons_and_an_edit_changes_them(
    platform: TelegramPlatform, alice: SimulatedUser
) -> None:
    ref = await asked_by(alice)
    answer_id = await platform.send_chart(ref, CHART, "🏆 <b>dog</b>", BUTTONS)
    answer = await alice.hears()
    assert answer.message_id == answer_id
    assert [(b.text, b.value) for b in answer.keyboard] == [
        ("Other phrases", "answer:phrases"),
        ("Save these", "answer:save"),
    ]
    assert not answer.has_spoiler
    await platform.edit_to_chart(ref, answer_id, picture(400, 300), "🏆", BUTTONS[:1])
    assert len((await alice.hears(edit_of=answer)).keyboard) == 1
    await platform.edit_to_chart(ref, answer_id, picture(400, 300), "🏆")
    assert (await alice.hears(edit_of=answer)).keyboard == ()


async def test_words_become_a_chart_with_buttons(
    server: BotApiServer, platform: TelegramPlatform, alice: SimulatedUser
) -> None:
    ref = await asked_by(alice)
    answer_id = await platform.send_text(ref, "One moment …", BUTTONS[1:])
    answer = await alice.hears()
    assert [button.text for button in answer.keyboard] == ["Save these"]
    await platform.edit_to_text(ref, answer_id, "🏆 dog", BUTTONS)
    assert len((await alice.hears(edit_of=answer)).keyboard) == 2
    with server.expecting("message is not modified"):
        await platform.edit_to_text(ref, answer_id, "🏆 dog", BUTTONS)
    assert len(answer.versions) == 2
    await platform.edit_to_chart(ref, answer_id, CHART, "🏆", BUTTONS, has_spoiler=True)
    assert (await alice.hears(edit_of=answer)).has_spoiler


async def test_a_chart_can_be_hidden(platform: TelegramPlatform, alice: SimulatedUser) -> None:
    ref = await asked_by(alice)
    answer_id = await platform.send_chart(ref, CHART, "🏆", BUTTONS, has_spoiler=True)
    answer = await alice.hears()
    assert answer.has_spoiler
    await platform.edit_to_chart(ref, answer_id, picture(400, 300), "🏆", has_spoiler=True)
    assert (await alice.hears(edit_of=answer)).has_spoiler
    await platform.edit_to_chart(ref, answer_id, picture(400, 300), "🏆")
    assert not (await alice.hears(edit_of=answer)).has_spoiler


async def test_files(
    server: BotApiServer, platform: TelegramPlatform, alice: SimulatedUser
) -> None:
    group = server.group("Friends", [alice])
    said = await alice.sends("/privacy", to=group)
    ref = MessageRef(group.id, said.message_id)
    await platform.send_file(ref, "data.json", b'{"language": "en"}', "All <b>data</b>")
    sent = await alice.hears(reply_to=said)
    assert (sent.document, sent.caption) == (b'{"language": "en"}', "All data")
    assert sent.to_json()["document"]["file_name"] == "data.json"
    server.forbids(group, "documents")
    with server.expecting("not enough rights"), pytest.raises(PicturesNotAllowed):
        await platform.send_file(ref, "data.json", b"{}", "")


async def test_choices_for_an_inline_query(
    server: BotApiServer,
    platform: TelegramPlatform,
    telegram_bot: ExtBot[None],
    alice: SimulatedUser,
) -> None:
    group = server.group("Friends", [alice])
    server.world.updates.drop_pending()

    async def queried() -> InlineQuery:
        update = await server.until(lambda: server.world.updates.pending)
        incoming = parse_update(update[-1].to_json(), telegram_bot)
        assert isinstance(incoming, InlineQuery)
        server.world.updates.drop_pending()
        return incoming

    async def answers(results: list[InlineResult]) -> InlineQuery:
        query = await queried()
        await platform.answer_inline(query, results, "Save some phrases first")
        return query

    pets = InlineResult("1", "Pets & more", "a dog, a cat", "Next: a dog, <a cat>")
    offered, query = await asyncio.gather(alice.queries("dog", chat=group), answers([pets]))
    assert (query.text, query.author.id) == ("dog", alice.user.id)
    assert [(c.title, c.description) for c in offered.choices] == [("Pets & more", "a dog, a cat")]
    assert offered.is_personal
    said = await alice.chooses(offered, "Pets & more", to=group)
    assert said.text == "Next: a dog, <a cat>"
    with server.expecting("query is too old"), pytest.raises(TargetGone):
        await platform.answer_inline(query, [pets], "")
    offered, _ = await asyncio.gather(alice.queries(), answers([]))
    assert (offered.choices, offered.button) == ((), "Save some phrases first")
    assert (await alice.starts(offered.start_parameter)).text == "/start inline"


async def test_a_start_link_leads_to_the_private_chat(
    platform: TelegramPlatform, alice: SimulatedUser
) -> None:
    said = await alice.opens(platform.start_link("set_abc-9"))
    assert said.text == "/start set_abc-9"


async def test_telegram_is_asked_for_all_kinds_that_are_read(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    server.world.updates.allow(ALLOWED_UPDATES)
    group = server.group("Friends", [alice])
    server.world.query(alice.user, "dog", group)
    hello = await alice.sends("hello")
    await alice.edits(hello, "hi")
    server.world.press(alice.user, hello, "x")
    assert {update.type for update in server.world.updates.pending} == set(ALLOWED_UPDATES)


def test_an_inline_query() -> None:
    query = {"id": "77", "from": ALICE, "query": "dog, cat", "offset": "", "chat_type": "sender"}
    found = parse_update({"update_id": 900, "inline_query": query}, Bot("42:token"))
    assert found == InlineQuery(Author(7, "Alice", language="en"), "dog, cat")
    assert isinstance(found, InlineQuery)
    assert found.handle == "77"


@pytest.mark.parametrize(
    ("before", "after", "is_member"),
    [
        ("left", "member", True),
        ("kicked", "administrator", True),
        ("member", "kicked", False),
        ("administrator", "left", False),
        ("member", "administrator", None),
        ("left", "kicked", None),
        # Who is restricted may be in the chat or not.
        ("left", {"status": "restricted", "is_member": True}, True),
        ({"status": "restricted", "is_member": True}, {"status": "restricted"}, None),
        ("member", {"status": "restricted", "is_member": False}, False),
        ("member", {"status": ["left"]}, None),
    ],
)
def test_being_added_and_removed(
    before: str | dict[str, Any], after: str | dict[str, Any], is_member: bool | None
) -> None:
    def changed(chat: dict[str, Any]) -> object:
        members = {"old_chat_member": before, "new_chat_member": after}
        return parse_update(
            {
                "update_id": 900,
                "my_chat_member": {
                    "chat": chat,
                    "from": ALICE,
                    "date": 60,
                    **{
                        name: {"user": OURS} | ({"status": one} if isinstance(one, str) else one)
                        for name, one in members.items()
                    },
                },
            },
            Bot("42:token"),
        )

    found = changed(GROUP)
    if is_member is None:
        assert found is None
    else:
        assert isinstance(found, MembershipChanged)
        assert (found.topic.chat_id, found.author.id, found.is_member) == (-100, 7, is_member)
    assert changed(PRIVATE) is None  # a person who blocks the bot

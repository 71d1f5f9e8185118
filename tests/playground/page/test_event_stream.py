"""Live updates: a tab that has been open shows the same as a new one."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from telegram import Bot

from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from clipbot_playground.page import event_stream
from clipbot_playground.page.event_stream import EventStream
from clipbot_playground.page.system_panel import SystemPanel
from tests.playground.botapi.pictures import picture
from tests.playground.page.listener import Listener

Tab = Callable[[], Listener]


@pytest.fixture
def tab(server: BotApiServer, system_panel: SystemPanel) -> Tab:
    return lambda: Listener(EventStream(server, system_panel, None))


def _is(kind: str, **said: Any) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event["is"] == kind and said.items() <= event.items()


async def test_a_new_tab_shows_the_same_as_an_old_one(
    server: BotApiServer, bot: Bot, alice: SimulatedUser, bob: SimulatedUser, tab: Tab
) -> None:
    early = tab()
    await early.hears(_is("person", name="Bob"))
    said = await alice.sends("/start")
    await early.hears(_is("message", text="/start"))
    photo = await alice.sends(photo=picture(40, 30), caption="a dog")
    await bot.send_message(alice.chat.id, "<b>hello</b>", parse_mode="HTML")
    await alice.edits(photo, caption="a cat")
    group = server.group("Friends", [alice, bob])
    await bob.sends("what is this?", to=group)
    await early.hears(_is("message", text="what is this?"))
    alice.deletes(said)
    await early.hears(_is("gone"))
    late = tab()
    await late.hears()
    assert late.shown == early.shown
    texts = {event["text"] for event in late.shown.values() if event["is"] == "message"}
    assert texts == {"", "a cat", "hello", "what is this?"}  # "" is a service message


async def test_an_edit_is_sent_once_and_its_picture_keeps_its_url(
    alice: SimulatedUser, tab: Tab
) -> None:
    photo = await alice.sends(photo=picture(40, 30), caption="a dog")
    tab_ = tab()
    before = await tab_.hears(_is("message", text="a dog"))
    await alice.edits(photo, caption="a cat")
    after = await tab_.hears(_is("message"))
    assert (after["id"], after["text"], after["edited"]) == (before["id"], "a cat", True)
    assert after["media"]["url"] == before["media"]["url"]
    await alice.sends("next")
    await tab_.hears(_is("message", text="next"))
    assert [e["text"] for e in tab_.events if e["is"] == "message"] == ["a dog", "a cat", "next"]


async def test_all_calls_are_counted_but_only_the_latest_are_sent(
    server: BotApiServer, bot: Bot, tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_CALLS", 2)
    for _ in range(3):
        await bot.get_me()
    tab_ = tab()
    told = await tab_.hears(_is("totals"))
    assert told["methods"]["getMe"] == len(server.calls)
    assert [e["number"] for e in tab_.events if e["is"] == "call"] == [
        len(server.calls) - 1,
        len(server.calls),
    ]
    await bot.get_my_commands()
    call = await tab_.hears(_is("call"))
    assert (call["method"], call["number"], call["status"]) == (
        "getMyCommands",
        len(server.calls),
        200,
    )


async def test_past_chat_actions_are_not_sent(bot: Bot, alice: SimulatedUser, tab: Tab) -> None:
    await alice.sends("hello")
    await bot.send_chat_action(alice.chat.id, "typing")
    tab_ = tab()
    await tab_.hears()
    await bot.send_chat_action(alice.chat.id, "upload_photo")
    told = await tab_.hears(_is("action"))
    assert (told["chat"], told["action"]) == (alice.chat.id, "upload_photo")
    assert len([e for e in tab_.events if e["is"] == "action"]) == 1


async def test_a_new_tab_gets_only_the_latest_messages(
    alice: SimulatedUser, tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_MESSAGES", 2)
    for number in range(4):
        await alice.sends(f"line {number}")
    tab_ = tab()
    await tab_.hears()
    assert [e["text"] for e in tab_.events if e["is"] == "message"] == ["line 2", "line 3"]


async def test_a_heartbeat_keeps_a_silent_stream_open(
    server: BotApiServer, system_panel: SystemPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_HEARTBEAT", 0.01)
    stream = EventStream(server, system_panel, None).stream()
    assert (await anext(stream)).startswith(b"event: hello\n")
    assert await anext(stream) == b": still here\n\n"


async def test_the_stream_ends_with_the_server(
    server: BotApiServer, system_panel: SystemPanel
) -> None:
    stream = EventStream(server, system_panel, None).stream()
    await anext(stream)
    rest = asyncio.ensure_future(anext(stream, b"the end"))
    server.world.updates.close()
    assert await asyncio.wait_for(rest, 10) == b"the end"

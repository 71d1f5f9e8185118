"""Refusals have Telegram's words, and no call breaks the server."""

import asyncio
import itertools
import subprocess
import sys
from typing import Any

import httpx
import pytest

from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.pictures import picture

_PARSE_BUTTON = "can't parse inline keyboard button: "


@pytest.mark.parametrize(
    ("method", "given", "complaint"),
    [
        ("sendMessage", {"chat_id": ""}, "chat_id is empty"),
        ("sendMessage", {"chat_id": "@nobody_here"}, "chat not found"),
        ("sendMessage", {"reply_parameters": "[]"}, "object expected as reply parameters"),
        ("sendMessage", {"reply_parameters": '{"quote": "x"}'}, 'can\'t find field "message_id"'),
        ("sendMessage", {"entities": '[{"type": "bold"}]'}, "can't parse MessageEntity"),
        ("sendMessage", {"entities": "[1]"}, "can't parse MessageEntity: expected an Object"),
        ("sendMessage", {"reply_markup": '{"inline_keyboard": 1}'}, "must be an Array of Arrays"),
        ("sendMessage", {"reply_markup": '{"inline_keyboard": [[1]]}'}, _PARSE_BUTTON),
        ("sendMessage", {"reply_markup": '{"inline_keyboard": [[{"text": "x"}]]}'}, "Text buttons"),
        ("sendMessage", {"reply_markup": '{"inline_keyboard": [[{"url": "x"}]]}'}, _PARSE_BUTTON),
        (
            "sendMessage",
            {"reply_markup": {"force_reply": True, "input_field_placeholder": "x" * 65}},
            "input field placeholder is too long",
        ),
        (
            "sendMessage",
            {"reply_markup": {"inline_keyboard": [[{"text": "x", "url": "no url"}]]}},
            "inline keyboard button URL 'no url' is invalid",
        ),
        ("sendPhoto", {}, "there is no photo in the request"),
        ("sendPhoto", {"photo": "attach://nothing"}, "there is no photo in the request"),
        ("sendDocument", {}, "there is no document in the request"),
        ("sendMediaGroup", {"media": "{}"}, "expected an Array of InputMedia"),
        ("sendMediaGroup", {"media": "[1, 2]"}, "can't parse InputMedia: expected an Object"),
        ("sendMediaGroup", {"media": '[{"type": "dice"}, {}]'}, 'type "dice" is unsupported'),
        ("sendMediaGroup", {"media": '[{"type": "photo"}, {}]'}, "media not found"),
        ("editMessageText", {"chat_id": ""}, "chat identifier is not specified"),
        ("editMessageText", {"message_id": 0}, "message identifier is not specified"),
        ("editMessageMedia", {}, "can't parse input media JSON object"),
        ("editMessageReplyMarkup", {}, "message can't be edited"),
        ("answerCallbackQuery", {"text": "x" * 201}, "MESSAGE_TOO_LONG"),
        ("getFile", {"file_id": ""}, "file_id not specified"),
        ("getUpdates", {"allowed_updates": "{}"}, "expected an Array of String"),
        ("getChatMember", {"user_id": 5}, "user not found"),
        ("getChatAdministrators", {}, "there are no administrators in the private chat"),
        ("leaveChat", {}, "can't be changed in private chats"),
        ("setMyCommands", {"commands": "{}"}, "expected an Array of BotCommand"),
        ("setMyCommands", {"commands": "[1]"}, "can't parse BotCommand: expected an Object"),
        ("getMyCommands", {"scope": '{"type": "moon"}'}, "Unsupported type specified"),
        ("getMyCommands", {"scope": '{"type": "chat"}'}, "Empty chat_id specified"),
        ("getMyCommands", {"scope": '{"type": "chat", "chat_id": 5}'}, "chat not found"),
        ("setMyDescription", {"description": "x" * 513}, "description is too long"),
        ("setMyShortDescription", {"short_description": "x" * 121}, "is too long"),
        ("getMyDescription", {"language_code": "spa"}, "invalid language code specified"),
        ("setWebhook", {"url": "https://x.org", "secret_token": "x" * 257}, "token is too long"),
    ],
)
async def test_refusals(
    server: BotApiServer, alice: SimulatedUser, method: str, given: dict[str, Any], complaint: str
) -> None:
    await alice.sends("hello")
    usual = {"chat_id": alice.user.id, "text": "hi", "message_id": 1}
    known = {
        "sendMessage": ("chat_id", "text"),
        "editMessageText": ("chat_id", "text", "message_id"),
        "editMessageMedia": ("chat_id", "message_id"),
        "editMessageReplyMarkup": ("chat_id", "message_id"),
    }
    takes_chat = method.startswith(("send", "getChat", "leave"))
    names = known.get(method, ("chat_id",) if takes_chat else ())
    body = {name: usual[name] for name in names} | given
    with server.expecting(complaint):
        async with httpx.AsyncClient() as client:
            url = f"{server.url}/bot{server.token}/{method}"
            answer = (await client.post(url, json=body)).json()
    assert answer["error_code"] == 400
    assert complaint in answer["description"]


async def test_odd_values_never_break_the_server(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    await alice.sends("hello")
    odd = ("", "²", "9" * 30, "null", "[[1]]", '{"type": ["x"]}', '[{"type": ["photo"]}]', "\0")
    calls = {
        "sendMessage": ("chat_id", "text", "entities", "reply_markup", "reply_parameters"),
        "sendMediaGroup": ("media",),
        "setMyCommands": ("commands", "scope"),
        "getUpdates": ("offset", "allowed_updates"),
    }
    async with httpx.AsyncClient(base_url=f"{server.url}/bot{server.token}") as client:
        for method, names in calls.items():
            for name, value in itertools.product(names, odd):
                body = {"chat_id": alice.user.id, "text": "hi"} | {name: value}
                assert (await client.post(f"/{method}", data=body)).status_code < 500
    server.violations.clear()


async def test_a_killed_bot_gets_its_updates_again(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    url = f"{server.url}/bot{server.token}/getUpdates"
    polling = f"import urllib.request as r; r.urlopen('{url}?timeout=50').read()"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", polling)
    await server.until(lambda: server.world.updates.is_polled)
    process.kill()
    await process.wait()
    await server.until(lambda: not server.world.updates.is_polled)
    await alice.sends("hello")
    async with httpx.AsyncClient() as client:
        assert len((await client.get(url)).json()["result"]) == 1


def test_pillow_is_imported_only_where_it_is_needed() -> None:
    """The server also runs without Pillow."""
    check = "import sys, clipbot_playground.botapi.server; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


async def test_an_unexpected_refusal_is_a_violation(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    await alice.sends(picture(9, 9))
    async with httpx.AsyncClient(base_url=f"{server.url}/bot{server.token}") as client:
        hi = {"chat_id": str(alice.user.id), "text": "<"}
        await client.get("/sendMessage", params=hi | {"x": "y"})
        await client.get("/sendMessage", params=hi | {"parse_mode": "HTML"})
    assert [v.reason for v in server.violations] == [
        "unknown parameter x",
        "Bad Request: can't parse entities: Unclosed start tag at byte offset 0",
    ]
    server.violations.clear()

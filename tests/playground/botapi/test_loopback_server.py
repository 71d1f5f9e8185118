"""HTTP: parameters, wrong requests, faults, webhooks, and many calls at once."""

import asyncio
import datetime
import json
import socket
import sys
from typing import Any

import httpx
import pytest
from telegram import Bot, BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeChat
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, RetryAfter

from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.pictures import picture


async def ask(server: BotApiServer, method: str, **kwargs: Any) -> tuple[int, dict[str, Any]]:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{server.url}/bot{server.token}/{method}", **kwargs)
        return answer.status_code, answer.json()


async def test_all_ways_to_pass_parameters(server: BotApiServer, alice: SimulatedUser) -> None:
    await alice.sends("/start")
    given = {"chat_id": str(alice.user.id), "text": "hi"}
    for how in (
        {"params": given},
        {"data": given},
        {"json": given | {"chat_id": alice.user.id, "reply_parameters": {"message_id": 1}}},
        {"data": given, "files": {"unused": ("", b"")}},
    ):
        status, answer = await ask(server, "SENDMESSAGE", **how)
        assert (status, answer["ok"], answer["result"]["text"]) == (200, True, "hi")
    photo = {"photo": "attach://x"}
    status, answer = await ask(
        server, "sendPhoto", data=given | photo, files={"x": ("x.jpg", picture(9, 9))}
    )
    assert answer["result"]["photo"][0]["width"] == 9
    reasons = [violation.reason for violation in server.violations]
    assert reasons == ["unknown parameter unused", "unknown parameter text"]
    server.violations.clear()


async def test_unknown_methods_and_tokens(server: BotApiServer, bot: Bot) -> None:
    assert await ask(server, "makeCoffee") == (
        404,
        {"ok": False, "error_code": 404, "description": "Not Found: method not found"},
    )
    async with httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.get("/bot42:WRONG/getMe")
        assert answer.status_code == 401
        assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
        assert (await client.get(f"/file/bot{server.token}/photos/no.jpg")).status_code == 404
        assert (await client.get("/")).json()["description"] == "Not Found"
    stranger = Bot("42:WRONG", base_url=f"{server.url}/bot")
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()


async def test_violations_are_recorded(server: BotApiServer, alice: SimulatedUser) -> None:
    await alice.sends("/start")
    button = {"text": "ok", "callback_data": "x", "colour": "red"}
    await ask(
        server,
        "sendMessage",
        json={
            "chat_id": alice.user.id,
            "text": "hi",
            "silent": True,
            "reply_markup": {"inline_keyboard": [[button]]},
        },
    )
    await ask(server, "sendMessage", json={"chat_id": alice.user.id})
    assert [violation.reason for violation in server.violations] == [
        "unknown parameter silent",
        "unknown parameter InlineKeyboardButton.colour",
        "Bad Request: message text is empty",
    ]
    server.violations.clear()


async def test_bodies_that_cannot_be_read(server: BotApiServer) -> None:
    with server.expecting():
        for body in (b"{", b"[]"):
            headers = {"Content-Type": "application/json"}
            status, _ = await ask(server, "getMe", content=body, headers=headers)
            assert status == 400
        for given in (
            {"chat_id": 1, "text": "x", "reply_markup": "{"},
            {"chat_id": 1, "text": "x", "reply_markup": "[]"},
            {"chat_id": 1, "text": "x", "entities": [{"type": "bold"}]},
            {"text": "x"},
        ):
            assert (await ask(server, "sendMessage", json=given))[0] == 400


async def test_flood_limits_and_broken_gateways(
    server: BotApiServer, bot: Bot, alice: SimulatedUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.sends("/start")
    server.faults.next("sendMessage", status=429, retry_after=3)
    server.faults.next("*", status=502)
    # Without it python-telegram-bot warns about a change in its next major version.
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    with pytest.raises(RetryAfter) as caught:
        await bot.send_message(alice.user.id, "hi")
    assert caught.value.retry_after == datetime.timedelta(seconds=3)
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await bot.send_message(alice.user.id, "hi")
    assert await bot.send_message(alice.user.id, "hi")
    statuses = [call.status for call in server.calls if call.method == "sendMessage"]
    assert statuses == [429, 502, 200]
    assert len(server.calls_of("sendMessage")) == 1
    with pytest.raises(ValueError, match="either a status or a drop"):
        server.faults.next("sendMessage")


async def test_dropped_connections(server: BotApiServer, bot: Bot, alice: SimulatedUser) -> None:
    await alice.sends("/start")
    server.faults.next("sendPhoto", drop="before")
    server.faults.next("sendPhoto", drop="after")
    for said in (0, 1):
        with pytest.raises(NetworkError):
            await bot.send_photo(alice.user.id, picture())
        assert sum(m.sender.is_bot for m in alice.chat.messages.values()) == said
    server.faults.next("file", drop="before")
    await alice.sends(picture())
    message = (await bot.get_updates())[-1].message
    assert message is not None
    file = await message.photo[0].get_file()
    with pytest.raises(NetworkError):
        await file.download_as_bytearray()
    assert await file.download_as_bytearray()


class WebhookReceiver:
    """A bot's webhook, which refuses the first updates."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.got: list[tuple[str, dict[str, Any]]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        fields = dict(line.split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        body = json.loads(await reader.readexactly(int(fields["content-length"])))
        self.got.append((fields.get("x-telegram-bot-api-secret-token", ""), body))
        status = b"200 OK"
        if self.refusals:
            self.refusals -= 1
            status = b"503 Service Unavailable"
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


async def test_webhooks(server: BotApiServer, bot: Bot, alice: SimulatedUser) -> None:
    hook = WebhookReceiver(refusals=2)
    listener = await asyncio.start_server(hook.serve, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        poll = asyncio.create_task(bot.get_updates(timeout=20))
        await server.until(lambda: server.world.updates.is_polled)
        await bot.set_webhook(f"http://127.0.0.1:{port}/hook", secret_token="s3cret")
        with pytest.raises(Conflict, match="terminated by setWebhook"):
            await poll
        await alice.sends("one")
        await alice.sends("two")
        await server.until(lambda: not server.world.updates.pending)
        texts = [update["message"]["text"] for _, update in hook.got]
        assert texts == ["one", "one", "one", "two"]
        assert {secret for secret, _ in hook.got} == {"s3cret"}
        info = await bot.get_webhook_info()
        assert info.url.endswith("/hook")
        assert info.last_error_message is not None
        assert "503" in info.last_error_message
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook"):
            await bot.get_updates()
        await bot.delete_webhook()
    assert (await bot.get_webhook_info()).url == ""
    await alice.sends("three")
    assert len(await bot.get_updates()) == 1


async def test_an_unreachable_webhook_is_tried_again(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    await bot.set_webhook("http://127.0.0.1:9/hook")
    await alice.sends("one")
    await server.until(lambda: server.world.webhook.last_error)
    assert server.world.updates.pending
    await bot.set_webhook("", drop_pending_updates=True)
    assert not server.world.updates.pending
    with server.expecting():
        with pytest.raises(BadRequest, match="Invalid webhook url"):
            await bot.set_webhook("ftp://example.org")
        with pytest.raises(BadRequest, match="unallowed characters"):
            await bot.set_webhook("https://example.org", secret_token="no spaces")


async def test_menus_of_commands(
    server: BotApiServer, bot: Bot, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    group = server.group("Friends", [alice, bob])
    start, classify = BotCommand("start", "Begin"), BotCommand("classify", "Sort a photo")
    empezar = BotCommand("start", "Empezar")
    await bot.set_my_commands([start, classify])
    await bot.set_my_commands([empezar], language_code="es")
    await bot.set_my_commands([classify], scope=BotCommandScopeAllGroupChats())
    await bot.set_my_commands([start], scope=BotCommandScopeChat(alice.user.id))
    assert await bot.get_my_commands() == (start, classify)
    assert await bot.get_my_commands(language_code="es") == (empezar,)
    assert alice.sees_commands() == ["start"]
    assert bob.sees_commands(group) == ["classify"]
    await bot.delete_my_commands(scope=BotCommandScopeChat(alice.user.id))
    assert alice.sees_commands() == ["start", "classify"]
    with server.expecting():
        for command, complaint in (
            (("Start", "x"), "Bot_command_invalid"),
            (("start", ""), "Bot_command_description_invalid"),
        ):
            with pytest.raises(BadRequest, match=complaint):
                await bot.set_my_commands([command])
        with pytest.raises(BadRequest, match="Invalid language code"):
            await bot.set_my_commands([start], language_code="english")


async def test_twenty_people_with_five_photos_each(server: BotApiServer, bot: Bot) -> None:
    people = [server.person(f"Person {number}") for number in range(20)]
    sent = await asyncio.gather(
        *(person.sends(picture(300, 200)) for person in people for _ in range(5))
    )
    answered = 0
    offset = 0
    while answered < len(sent):
        updates = await bot.get_updates(offset=offset, timeout=5)
        offset = updates[-1].update_id + 1
        messages = [update.message for update in updates if update.message]
        await asyncio.gather(*(m.reply_photo(picture(60, 40), do_quote=True) for m in messages))
        answered += len(messages)
    assert all(len(message.chat.replies_to(message)) == 1 for message in sent)


async def test_no_answer_waits_for_the_client_to_acknowledge_its_headers(
    server: BotApiServer,
) -> None:
    async with httpx.AsyncClient() as client:
        await client.get(f"{server.url}/bot{server.token}/getMe")
        (transport,) = server._loopback_server._connections.values()
        connection = transport.get_extra_info("socket")
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    "module", ["clipbot_playground.botapi", "clipbot_playground.botapi.server"]
)
async def test_the_server_as_a_process(module: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", module, "--port", "0", "--token", "7:OWN"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/bot7:OWN/getMe")
        assert answer.json()["result"]["id"] == 7
    process.terminate()
    assert await process.wait() == 0

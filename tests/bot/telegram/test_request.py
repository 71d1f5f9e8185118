"""PTB's requests by aiohttp, against a server that answers as a test says."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from telegram import Bot
from telegram.error import NetworkError, TimedOut

from bot.telegram.request import AiohttpRequest
from tests.bot.answering import MOVED, OK, Writer, answering, never, well
from tests.bot.telegram.messages import ALICE, PRIVATE
from tests.ports import reserved_port

TOKEN = "123:secret"
PLACE = {"message_id": 9, "date": 1, "chat": PRIVATE}


@pytest.fixture
async def one() -> AsyncIterator[AiohttpRequest]:
    """Return a request object with one connection."""
    async with AiohttpRequest("http://127.0.0.1", 1) as request:
        yield request


async def test_status_and_body_come_through(one: AiohttpRequest) -> None:
    async with answering(well) as url:
        assert await one.do_request(f"{url}/bot{TOKEN}/getMe", "POST") == (200, b'{"ok":true}')


async def test_a_server_that_does_not_listen(one: AiohttpRequest) -> None:
    with (
        reserved_port() as port,
        pytest.raises(NetworkError, match="ClientConnectorError") as caught,
    ):
        await one.do_request(f"http://127.0.0.1:{port}/bot{TOKEN}/getMe", "POST")
    assert not isinstance(caught.value, TimedOut)


async def test_no_answer_in_time(one: AiohttpRequest) -> None:
    async with answering(never) as url:
        with pytest.raises(TimedOut):
            await one.do_request(url, "POST", read_timeout=0.05)


@pytest.mark.parametrize("answer", [OK[:-5], b"what?\r\n\r\n", b""], ids=["half", "odd", "none"])
async def test_a_broken_answer_does_not_log_the_token(one: AiohttpRequest, answer: bytes) -> None:
    async def break_off(_head: bytes, writer: Writer) -> None:
        writer.write(answer)
        writer.close()

    async with answering(break_off) as url:
        with pytest.raises(NetworkError) as caught:
            await one.do_request(f"{url}/bot{TOKEN}/getMe", "POST")
    assert TOKEN not in str(caught.value)


async def test_redirects_are_not_followed(one: AiohttpRequest) -> None:
    """A call of the Bot API has the token in its URL."""

    async def elsewhere(_head: bytes, writer: Writer) -> None:
        writer.write(MOVED)

    async with answering(elsewhere) as url:
        assert (await one.do_request(url, "GET"))[0] == 302


async def test_a_cancelled_call_frees_its_connection(one: AiohttpRequest) -> None:
    arrived = asyncio.Event()

    async def first_never(head: bytes, writer: Writer) -> None:
        if not arrived.is_set():
            arrived.set()
            await never(head, writer)
        writer.write(OK)

    async with answering(first_never) as url:
        stuck = asyncio.create_task(one.do_request(url, "POST"))
        await arrived.wait()
        behind = asyncio.create_task(one.do_request(url, "POST"))
        await asyncio.sleep(0)
        stuck.cancel()
        assert (await asyncio.wait_for(behind, 5))[0] == 200
        assert (await one.do_request(url, "POST"))[0] == 200


async def test_a_connection_that_was_closed_while_we_were_busy(one: AiohttpRequest) -> None:
    closed = threading.Event()

    def serve(listening: socket.socket) -> None:
        for _ in range(2):
            connection, _ = listening.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(OK)
            closed.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=serve, args=(listening,))
        server.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        assert (await one.do_request(url, "POST"))[0] == 200
        closed.wait(5)  # blocks the loop too, so it has not noticed that the server closed
        assert (await one.do_request(url, "POST"))[0] == 200
        server.join()


async def test_a_download_can_take_long_while_bytes_come(one: AiohttpRequest) -> None:
    async def slowly(_head: bytes, writer: Writer) -> None:
        writer.write(OK[:-11])
        for byte in OK[-11:]:
            await asyncio.sleep(0.15)
            writer.write(bytes([byte]))

    async with answering(slowly) as url:
        answer = await one.do_request(
            url, "GET", read_timeout=1.0, write_timeout=0.01, connect_timeout=0.3, pool_timeout=0.01
        )
        assert answer == (200, OK[-11:])
        with pytest.raises(TimedOut):  # as any other call may not
            await Bot(TOKEN, f"{url}/bot", request=one).set_my_name(
                "clipbot",
                read_timeout=1.0,
                write_timeout=0.01,
                connect_timeout=0.3,
                pool_timeout=0.01,
            )


async def test_a_form_with_a_file_has_a_content_length(one: AiohttpRequest) -> None:
    heads = []

    async def heard(head: bytes, writer: Writer) -> None:
        heads.append(head)
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 25\r\n\r\n{"ok":true,"result":true}')
        writer.close()

    async with answering(heard) as url:
        bot = Bot(TOKEN, f"{url}/bot", request=one)
        assert await bot.set_webhook("https://año.test", certificate=b"certificate")
    assert b"Content-Type: multipart/form-data; boundary=" in heads[0]
    assert b"Content-Length:" in heads[0]


@pytest.mark.parametrize(
    ("method", "result", "read"),
    [
        (
            "send_message",
            {**PLACE, "reply_to_message": {**PLACE, "poll": {"id": "1"}}, "gift": {"gift": 7}},
            lambda sent: sent.message_id == 9,
        ),
        (
            "get_chat_administrators",
            [
                {"status": "administrator", "user": ALICE},  # without any right
                {"status": "unheard of", "user": ALICE, "until_date": "x"},
                {"status": "creator"},
            ],
            lambda members: [member.user.id for member in members] == [7, 7],
        ),
    ],
)
async def test_unused_fields_of_an_answer_can_not_fail_it(
    one: AiohttpRequest, method: str, result: Any, read: Callable[[Any], bool]
) -> None:
    """If such an answer failed, the message would be sent a second time."""

    async def answer(_head: bytes, writer: Writer) -> None:
        body = json.dumps({"ok": True, "result": result}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))

    async with answering(answer) as url:
        bot = Bot(TOKEN, f"{url}/bot", request=one)
        call = getattr(bot, method)
        assert read(await (call(7, "hi") if method == "send_message" else call(-7)))


async def test_a_call_before_initialize_fails() -> None:
    with pytest.raises(RuntimeError, match="initialize"):
        await AiohttpRequest("http://127.0.0.1", 1).do_request("http://127.0.0.1", "POST")

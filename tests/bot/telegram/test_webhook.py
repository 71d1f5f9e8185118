"""The webhook stores an update before it answers, and only one with the right secret."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from bot.queues.update_inbox import Update
from bot.telegram.webhook import SECRET_HEADER, webhook
from inference.protocol.errors import QueueFull, QueueUnavailable

UPDATE = {"update_id": 5, "message": {}}


class Telegram:
    """Posts updates."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.kept: list[Update] = []
        self.fault: Exception | None = None
        self.client = client

    async def keep(self, update: Update) -> None:
        if self.fault:
            raise self.fault
        self.kept.append(update)

    async def posts(self, content: Any = UPDATE, **headers: str) -> int:
        secret = {SECRET_HEADER: "right", **headers}
        raw = {"content": content} if isinstance(content, bytes) else {"json": content}
        return (await self.client.post("/any", headers=secret, **raw)).status_code


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    client = httpx.AsyncClient(base_url="http://bot")
    telegram = Telegram(client)
    client._transport = httpx.ASGITransport(webhook("right", telegram.keep))
    async with client:
        yield telegram


async def test_the_right_secret(telegram: Telegram) -> None:
    assert await telegram.posts() == 200
    assert telegram.kept == [UPDATE]


@pytest.mark.parametrize("secret", ["", "wrong", "righ", "right ", "right\xe9"])
async def test_a_wrong_secret(telegram: Telegram, secret: str) -> None:
    header = {SECRET_HEADER.encode(): secret.encode("latin-1")}
    answer = await telegram.client.post("/any", json=UPDATE, headers=header)
    assert answer.status_code == 403
    assert telegram.kept == []


async def test_no_secret(telegram: Telegram) -> None:
    assert (await telegram.client.post("/any", json=UPDATE)).status_code == 403
    assert (await telegram.client.get("/any")).status_code == 405
    assert telegram.kept == []


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", [1], {"update_id": "x"}, {"no": 1}, b"\xff\xfe", "text", None),
        b"[" * 100_000,
        b'{"update_id": 5, "message": ' + b"[" * 100_000,
        b'{"update_id": 1e999}',
        b'{"update_id": 5, "message": {"date": 1e999}}',
        b'{"update_id": 5, "message": {"date": NaN}}',
        b'{"update_id": true}',
        b'{"update_id": 18446744073709551616}',
        b'{"update_id": ' + b"9" * 5_000 + b"}",
    ],
    ids=lambda content: str(content)[:40],
)
async def test_a_body_that_is_not_an_update(telegram: Telegram, content: Any) -> None:
    assert await telegram.posts(content) == 400
    assert telegram.kept == []


async def test_a_body_that_is_too_large(telegram: Telegram) -> None:
    assert await telegram.posts(b" " * (2**20 + 1)) == 413


async def in_pieces(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize("length", [None, "10", "-1", "x", "9" * 5_000])
async def test_a_body_that_is_larger_than_its_header_says(
    telegram: Telegram, length: str | None
) -> None:
    content = in_pieces([b" " * 2**16] * 1_000)
    headers = {SECRET_HEADER: "right"} | ({"content-length": length} if length else {})
    answer = await telegram.client.post("/any", content=content, headers=headers)
    assert answer.status_code == 413


async def test_an_update_that_comes_in_pieces(telegram: Telegram) -> None:
    content = in_pieces([b'{"update', b'_id": 5, ', b'"message": {}}'])
    answer = await telegram.client.post("/any", content=content, headers={SECRET_HEADER: "right"})
    assert (answer.status_code, telegram.kept) == (200, [UPDATE])


@pytest.mark.parametrize("fault", [QueueFull("full"), QueueUnavailable("away")])
async def test_an_update_that_can_not_be_stored_is_refused(
    telegram: Telegram, fault: Exception
) -> None:
    telegram.fault = fault
    assert await telegram.posts() == 503
    telegram.fault = None
    assert await telegram.posts() == 200

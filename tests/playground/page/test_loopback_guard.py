"""Who may use the page's server, and how much it accepts at once."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from clipbot_playground.botapi.delivery.loopback_server import LoopbackServer
from clipbot_playground.page.loopback_guard import LARGEST_REQUEST, LoopbackGuard


async def _answers(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())}")


def _page(port: int) -> httpx.AsyncClient:
    """Return a client of a guarded page whose server listens on this port."""
    app = Starlette(
        routes=[Route("/", _answers, methods=["GET", "POST"])],
        middleware=[Middleware(LoopbackGuard)],
    )

    async def listening(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "server": ("127.0.0.1", port)}, receive, send)

    return httpx.AsyncClient(
        transport=httpx.ASGITransport(listening), base_url=f"http://127.0.0.1:{port}"
    )


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "LocalHost:8080"])
async def test_the_names_of_this_machine(host: str) -> None:
    async with _page(8080) as page:
        assert (await page.get("/", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",  # DNS rebinding: a name elsewhere that points at 127.0.0.1
        "127.0.0.1.evil.example:8080",
        "localhost.evil.example:8080",
        "127.0.0.1:8081",
        "127.0.0.1",
        "192.168.0.7:8080",
        "",
    ],
)
async def test_any_other_name_is_refused(host: str) -> None:
    async with _page(8080) as page:
        answer = await page.get("/", headers={"host": host})
        assert answer.status_code == 403
        assert "127.0.0.1 only" in answer.json()["error"]  # as the page reads all refusals


async def test_the_port_that_browsers_leave_out() -> None:
    async with _page(80) as page:
        assert (await page.get("/", headers={"host": "localhost"})).status_code == 200
        own = {"host": "localhost", "origin": "http://localhost"}
        assert (await page.post("/", content=b"1", headers=own)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8080", 200),
        ("http://localhost:8080", 200),
        ("http://evil.example", 403),
        ("http://evil.example:8080", 403),
        ("http://127.0.0.1:8081", 403),  # another program's page on this machine
        ("https://127.0.0.1:8080", 403),
        ("null", 403),  # a sandboxed frame, or a file
        ("", 403),
    ],
)
async def test_only_its_own_page_may_ask(method: str, origin: str, status: int) -> None:
    async with _page(8080) as page:
        asked = page.build_request(method, "/", content=b"1", headers={"origin": origin})
        assert (await page.send(asked)).status_code == status


async def test_an_upload_has_a_length_and_a_limit() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"of unknown length"

    async with _page(8080) as page:
        assert (await page.post("/", content=b"12345")).text == "5"
        assert (await page.post("/", content=pieces())).status_code == 411
        for length, status in ((LARGEST_REQUEST, 200), (LARGEST_REQUEST + 1, 413), ("-1", 411)):
            said = {"content-length": str(length)}
            assert (await page.post("/", content=b"", headers=said)).status_code == status


async def test_too_much_is_refused_before_it_is_read() -> None:
    app = Starlette(
        routes=[Route("/", _answers, methods=["POST"])], middleware=[Middleware(LoopbackGuard)]
    )
    server = LoopbackServer(app)
    await server.start()
    host = server.url.removeprefix("http://")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(host.rpartition(":")[2]))
    length = LARGEST_REQUEST + 1
    writer.write(f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n".encode())
    line = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    await writer.wait_closed()
    await server.stop()
    assert line.split()[1] == b"413"


async def test_the_security_headers() -> None:
    async with _page(8080) as page:
        headers = (await page.get("/")).headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert {policy[kind] for kind in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"

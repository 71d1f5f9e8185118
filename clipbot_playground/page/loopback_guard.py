"""Who may talk to the page's server: a browser on this machine that shows this very page.

A web site elsewhere can make a browser send requests to loopback (CSRF), or point a name of its
own at 127.0.0.1 (DNS rebinding). The first shows in `Origin`, the second in `Host`.
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clipbot_playground.botapi.model import limits

# Bytes of a request: what Telegram takes at once, and room for the form around it.
LARGEST_REQUEST: Final = limits.UPLOAD_SIZE + 1_000_000
_NAMES: Final = ("127.0.0.1", "localhost")
_READING: Final = frozenset({"GET", "HEAD"})
# Added where the answer has not said otherwise.
_HEADERS: Final = {
    # After an upgrade, modules of the old page and of the new one must not meet.
    "cache-control": "no-cache",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class LoopbackGuard:
    """ASGI middleware: refuses strangers, and adds the headers that keep the page to itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"  # the server knows neither lifespan nor websockets
        port = scope["server"][1]
        if refusal := _refusal(scope["method"], Headers(scope=scope), port):
            await refusal(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.decode().lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((n.encode(), v.encode()) for n, v in _HEADERS.items() if n not in given),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _refusal(method: str, headers: Headers, port: int) -> Response | None:
    hosts = {f"{name}:{port}" for name in _NAMES}
    if port == 80:
        hosts |= set(_NAMES)
    if headers.get("host", "").lower() not in hosts:
        return _no("The playground answers under 127.0.0.1 only.", 403)
    origin = headers.get("origin")
    if origin is not None and origin.removeprefix("http://").lower() not in hosts:
        return _no("The playground answers its own page only.", 403)
    if method not in _READING:
        length = headers.get("content-length", "")
        if not length.isdigit():
            return _no("How long is it?", 411)
        if int(length) > LARGEST_REQUEST:
            return _no("More than 50 MB at once is too much.", 413)
    return None


def _no(sentence: str, status: int) -> Response:
    """As all refusals are that the page gets, which shows the sentence."""
    return JSONResponse({"error": sentence}, status)

"""Only the playground's own page, in a browser on this machine, may use its server.

Another web site can make a browser send requests to loopback (CSRF), or let its own domain name
point to 127.0.0.1 (DNS rebinding). The header `Origin` reveals the first, `Host` the second.
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clipbot_playground.botapi.model import limits

# Bytes of a request: the largest upload to Telegram, and the form around it.
LARGEST_REQUEST: Final = limits.UPLOAD_SIZE + 1_000_000
_NAMES: Final = ("127.0.0.1", "localhost")
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
# Added to answers that do not set these headers themselves.
_HEADERS: Final = {
    # After an upgrade, a browser must not mix modules of the old and the new page.
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
    """ASGI middleware that refuses requests of other pages, and adds security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"  # the server has no lifespan and no websockets
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
        return _refused("The playground answers at 127.0.0.1 only.", 403)
    origin = headers.get("origin")
    if origin is not None and origin.removeprefix("http://").lower() not in hosts:
        return _refused("The playground answers its own page only.", 403)
    if method not in _SAFE_METHODS:
        length = headers.get("content-length", "")
        if not length.isdigit():
            return _refused("The request has no Content-Length.", 411)
        if int(length) > LARGEST_REQUEST:
            return _refused("Telegram takes up to 50 MB at once.", 413)
    return None


def _refused(sentence: str, status: int) -> Response:
    """Return an answer whose sentence the page shows, like all of its errors."""
    return JSONResponse({"error": sentence}, status)

"""The webhook: stores an update that has the right secret, and only then answers 200."""

import hmac
import logging
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.queues.update_inbox import Update
from bot.runtime.untrusted_json import Unusable, read
from inference.protocol.errors import QueueFull, QueueUnavailable

log = logging.getLogger(__name__)

# Bot API, setWebhook: the header that carries `secret_token`
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
# Far more bytes than any update has: messages have up to 4,096 characters.
_MAX_BODY = 2**20


def webhook(secret: str, keep: Callable[[Update], Awaitable[None]]) -> Starlette:
    """Return the web application that Telegram posts updates to.

    It answers on every path; the secret keeps others out.
    """

    async def take(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return PlainTextResponse("Forbidden", 403)
        body = await _body(request)
        if body is None:
            return PlainTextResponse("Too large", 413)
        try:
            update = read(body)
        except Unusable as error:
            log.warning("A request to the webhook is not an update: %s.", error)
            return PlainTextResponse("Not an update", 400)
        if not isinstance(update, dict) or type(update.get("update_id")) is not int:
            return PlainTextResponse("Not an update", 400)
        try:
            await keep(update)
        except (QueueFull, QueueUnavailable) as error:
            log.warning("An update can't be stored (%s); Telegram sends it again.", error)
            return PlainTextResponse("Try again", 503)
        return PlainTextResponse("OK")

    return Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])


async def _body(request: Request) -> bytes | None:
    """Return the body; None if it is larger than an update can be, whatever its header says."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 18 or int(length) > _MAX_BODY):
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            return None
    return bytes(body)

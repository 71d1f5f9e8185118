"""The webhook: an update is stored before Telegram gets its 200, and only with the right secret."""

import hmac
import logging
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.inbox import Update
from inference.errors import QueueFull, QueueUnavailable

log = logging.getLogger(__name__)

# Bot API, setWebhook: the header that carries `secret_token`
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
# Far over any update: messages have 4,096 characters, captions 1,024.
_MAX_BODY = 2**20


def webhook(secret: str, keep: Callable[[Update], Awaitable[None]]) -> Starlette:
    """The web application that Telegram posts updates to, on any path: the secret is the key."""

    async def take(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return PlainTextResponse("Forbidden", 403)
        if int(request.headers.get("content-length", 0)) > _MAX_BODY:
            return PlainTextResponse("Too large", 413)
        try:
            update = await request.json()
            int(update["update_id"])
        except (ValueError, LookupError, TypeError):
            return PlainTextResponse("Not an update", 400)
        try:
            await keep(update)
        except (QueueFull, QueueUnavailable) as error:
            log.warning("An update can't be stored (%s); Telegram sends it again.", error)
            return PlainTextResponse("Try again", 503)
        return PlainTextResponse("OK")

    return Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])

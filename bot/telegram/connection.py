"""Getting in touch with Telegram, however long that takes."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

from telegram.error import (
    BadRequest,
    Conflict,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import AIORateLimiter, ExtBot

from bot.runtime.retry import backoff
from bot.telegram.description import describe, set_menus
from bot.telegram.incoming import ALLOWED_UPDATES
from bot.telegram.platform import Bot
from bot.telegram.polling import Unauthorized
from bot.telegram.refusals import seconds_of
from bot.telegram.request import AiohttpRequest
from inference.protocol.errors import SettingError

log = logging.getLogger(__name__)

_CONNECTIONS = 64
_LONGEST_PAUSE = 15.0
_NO_MESSAGES = {"sendChatAction", "getChatAdministrators", "getChatMember"}


class Pace(AIORateLimiter):
    """PTB's limits of Telegram's flood control, which counts messages: not actions and questions.

    PTB counts whatever has a chat_id; a question about a chat must not wait behind its messages.
    """

    async def process_request(
        self, callback: Any, args: Any, kwargs: Any, endpoint: str, data: Any, rate_limit_args: Any
    ) -> Any:
        if endpoint in _NO_MESSAGES:
            return await callback(*args, **kwargs)
        return await super().process_request(
            callback, args, kwargs, endpoint, data, rate_limit_args
        )


def build_bot(token: str, api_url: str) -> Bot:
    """Return PTB's bot, which sends; updates come from our own inbox."""
    # They log tracebacks of what they raise too; whoever tries again tells it in one line.
    for name in ("telegram.request.BaseRequest", "telegram.ext.AIORateLimiter"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # PTB warns about seconds as numbers, at each flood wait, unless it is told that we know.
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    return ExtBot(
        token,
        f"{api_url}/bot",
        f"{api_url}/file/bot",
        request=AiohttpRequest(api_url, _CONNECTIONS),
        get_updates_request=AiohttpRequest(api_url, 1),  # PTB would make another; none is sent
        # No retries there: PTB would make everybody wait out one chat's flood limit.
        rate_limiter=Pace(max_retries=0),
    )


async def meet(bot: Bot) -> None:
    """Call getMe until Telegram answers.

    Raises:
        Unauthorized: it answers that it does not know the token.
    """
    await _insist(bot.initialize, "getMe")


async def prepare_polling(bot: Bot) -> None:
    """Telegram hands out updates in only one way at a time: no webhook, then."""
    await _insist(bot.delete_webhook, "deleteWebhook")


async def prepare_webhook(bot: Bot, address: str, secret: str) -> None:
    """Asks Telegram to post updates to `address`, with `secret` in each request's header.

    Raises:
        SettingError: Telegram can't use that address.
    """
    try:
        await _insist(
            lambda: bot.set_webhook(address, secret_token=secret, allowed_updates=ALLOWED_UPDATES),
            "setWebhook",
        )
    except BadRequest as error:
        raise SettingError(
            f"WEBHOOK_URL is {address!r}, which Telegram refuses: {error.message}."
        ) from None


async def keep_menu(bot: Bot) -> None:
    """Sets command menus and descriptions when Telegram has time; then there is nothing to do."""
    attempt = 0
    while True:
        attempt += 1
        try:
            await set_menus(bot)
            await describe(bot)
        except TelegramError as error:
            log.warning("Command menu and description are not set yet (%s).", error)
            asked = seconds_of(error) if isinstance(error, RetryAfter) else 0.0
            await asyncio.sleep(max(asked, backoff(attempt)))
        else:
            await asyncio.Event().wait()


async def _insist(call: Callable[[], Awaitable[object]], name: str) -> None:
    attempt = 0
    while True:
        attempt += 1
        try:
            await call()
        except InvalidToken:
            raise Unauthorized from None
        except BadRequest:
            raise  # a NetworkError to PTB, but one that no waiting mends
        except (NetworkError, Conflict, RetryAfter) as error:
            pause = min(backoff(attempt) / 2, _LONGEST_PAUSE)
            if isinstance(error, RetryAfter):
                pause = seconds_of(error)
            log.warning("%s did not work (%s); next try in %.1f s.", name, error, pause)
            await asyncio.sleep(pause)
        else:
            return

"""Logs in to Telegram, however long Telegram is away."""

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

from bot.platform.ports import RetryLater
from bot.runtime.retry import retry
from bot.telegram.description import describe, set_menus
from bot.telegram.incoming import ALLOWED_UPDATES
from bot.telegram.platform import Bot
from bot.telegram.polling import Unauthorized
from bot.telegram.refusals import seconds_of
from bot.telegram.request import AiohttpRequest
from inference.protocol.errors import SettingError

_CONNECTIONS = 64
_LONGEST_PAUSE = 15.0  # seconds
# Calls with a chat_id that send no message.
_NO_MESSAGES = {"sendChatAction", "getChatAdministrators", "getChatMember"}


class MessageRateLimiter(AIORateLimiter):
    """PTB's rate limiter, for messages only.

    Telegram's flood control counts messages. PTB counts every call with a chat_id, so that a call
    which asks about a chat would wait behind the messages to that chat.
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
    # These loggers write a traceback for each error that they raise; our own log says it in a line.
    for name in ("telegram.request.BaseRequest", "telegram.ext.AIORateLimiter"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # Without this, PTB warns at each flood wait that `retry_after` will become a timedelta.
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    return ExtBot(
        token,
        f"{api_url}/bot",
        f"{api_url}/file/bot",
        request=AiohttpRequest(api_url, _CONNECTIONS),
        get_updates_request=AiohttpRequest(
            api_url, 1
        ),  # never used; without it PTB makes one of its own
        # No retries there: all chats would wait for the flood limit of one.
        rate_limiter=MessageRateLimiter(max_retries=0),
    )


async def log_in(bot: Bot) -> None:
    """Learn the bot's own name from Telegram.

    Raises:
        Unauthorized: Telegram does not know the token.
    """
    await _call(bot.initialize, "getMe")


async def prepare_polling(bot: Bot) -> None:
    """Remove the webhook: Telegram gives updates by polling only if there is none."""
    await _call(bot.delete_webhook, "deleteWebhook")


async def prepare_webhook(bot: Bot, address: str, secret: str) -> None:
    """Ask Telegram to post updates to `address`, with `secret` in a header of each request.

    Raises:
        SettingError: Telegram can't use that address.
    """
    try:
        await _call(
            lambda: bot.set_webhook(address, secret_token=secret, allowed_updates=ALLOWED_UPDATES),
            "setWebhook",
        )
    except BadRequest as error:
        raise SettingError(
            f"WEBHOOK_URL is {address!r}, which Telegram refuses: {error.message}."
        ) from None


async def set_up_profile(bot: Bot) -> None:
    """Set command menus and descriptions once Telegram takes them, then wait until cancelled."""

    async def set_all(_attempt: int) -> None:
        try:
            await set_menus(bot)
            await describe(bot)
        except TelegramError as error:
            raise _as_retry(error) from error

    await retry(set_all, "Setting the command menu", (RetryLater,))
    await asyncio.Event().wait()


async def _call(method: Callable[[], Awaitable[object]], name: str) -> None:
    """Call a method of the Bot API until Telegram answers."""

    async def call(_attempt: int) -> None:
        try:
            await method()
        except InvalidToken:
            raise Unauthorized from None
        except BadRequest:
            raise  # PTB counts it as a NetworkError, but no waiting helps
        except (NetworkError, Conflict, RetryAfter) as error:
            raise _as_retry(error) from error

    await retry(call, name, (RetryLater,), longest=_LONGEST_PAUSE)


def _as_retry(error: TelegramError) -> RetryLater:
    return RetryLater(str(error), seconds_of(error) if isinstance(error, RetryAfter) else 0.0)

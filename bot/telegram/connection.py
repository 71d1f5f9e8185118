"""Getting in touch with Telegram, however long that takes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from telegram.error import (
    BadRequest,
    Conflict,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.runtime.retry import backoff
from bot.telegram.application import ALLOWED_UPDATES, TelegramApplication, introduce
from bot.telegram.description import describe
from bot.telegram.platform import Bot, seconds_of
from bot.telegram.polling import Unauthorized
from inference.protocol.errors import SettingError

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 15.0


async def meet(application: TelegramApplication) -> None:
    """getMe, until Telegram answers.

    Raises:
        Unauthorized: it answers that it does not know the token.
    """
    await _insist(application.initialize, "getMe")


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
            await introduce(bot)
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

"""Getting in touch with Telegram, however long that takes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, TelegramError

from bot.backoff import backoff
from bot.telegram.application import ALLOWED_UPDATES, TelegramApplication, introduce
from bot.telegram.platform import Bot
from bot.telegram.polling import Unauthorized
from inference.errors import SettingError

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 15.0
_MENU_PAUSE = 30.0


async def meet(application: TelegramApplication) -> None:
    """getMe, until Telegram answers.

    Raises:
        Unauthorized: it answers that it does not know the token.
    """
    try:
        await _insist(application.initialize, "getMe")
    except InvalidToken:
        raise Unauthorized(
            "TELEGRAM_BOT_TOKEN is not accepted by Telegram; ask @BotFather for it again."
        ) from None


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
    """Registers the command menus when Telegram has time for it; then there is nothing to do."""
    while True:
        try:
            await introduce(bot)
        except TelegramError as error:
            log.warning("The command menu is not set (%s).", error)
            await asyncio.sleep(_MENU_PAUSE)
        else:
            await asyncio.Event().wait()


async def _insist(call: Callable[[], Awaitable[object]], name: str) -> None:
    attempt = 0
    while True:
        attempt += 1
        try:
            await call()
        except BadRequest:
            raise  # a NetworkError to PTB, but one that no waiting mends
        except (NetworkError, Conflict) as error:
            pause = min(backoff(attempt) / 2, _LONGEST_PAUSE)
            log.warning("%s did not work (%s); next try in %.1f s.", name, error, pause)
            await asyncio.sleep(pause)
        else:
            return

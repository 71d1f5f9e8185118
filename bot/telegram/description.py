"""What Telegram shows of the bot before anybody has written to it, in every language."""

import logging

from telegram.error import BadRequest, InvalidToken

from bot.telegram.platform import Bot
from bot.texts import LANGUAGES, speak
from bot.texts.languages import SOURCE_LANGUAGE

log = logging.getLogger(__name__)


async def describe(bot: Bot) -> None:
    """Sets "What can this bot do?" and the line on the bot's profile, where they differ.

    Telegram allows few changes in an hour, so it is asked first. The name is the owner's own.

    Raises `TelegramError`.
    """
    try:
        for language in LANGUAGES:
            await _describe_in(bot, language)
    except (BadRequest, InvalidToken) as error:  # the latter is what PTB makes of a 404
        log.warning("The bot's description can't be set (%s).", error)


async def _describe_in(bot: Bot, language: str) -> None:
    sentences = speak(language)
    code = None if language == SOURCE_LANGUAGE else language
    if (await bot.get_my_description(code)).description != sentences.description():
        await bot.set_my_description(sentences.description(), code)
    about = sentences.short_description()
    if (await bot.get_my_short_description(code)).short_description != about:
        await bot.set_my_short_description(about, code)

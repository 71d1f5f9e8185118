"""Command menus, and what Telegram shows to people who have not written to the bot yet."""

import hashlib
import logging
from collections.abc import Awaitable, Callable

from telegram import BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats
from telegram.error import BadRequest, InvalidToken

from bot.games.registry import command_menu
from bot.i18n import languages, speak
from bot.i18n.languages import SOURCE_LANGUAGE
from bot.telegram.platform import Bot

log = logging.getLogger(__name__)

# Digests of texts that clipbot has set, today's among them. Only such texts are replaced by new
# ones, so the digest of a text stays here when the text is reworded.
_RELEASED = frozenset(
    {
        "f7897aff9a41c706",
        "cbe3b802f240efa8",
        "98503b13e00b7bcf",
        "8c0c2c66912769a0",
        "3f589800b0520d31",
        "04670db0e8a90b5b",
    }
)


async def set_menus(bot: Bot) -> None:
    """Register the command menus, for private chats and groups, in every language.

    Raises `TelegramError`.
    """
    for language in languages():
        sentences = speak(language)
        code = None if language == SOURCE_LANGUAGE else language
        await bot.set_my_commands(
            sentences.menu_private(), BotCommandScopeAllPrivateChats(), language_code=code
        )
        await bot.set_my_commands(
            sentences.menu_group(command_menu(language)),
            BotCommandScopeAllGroupChats(),
            language_code=code,
        )


async def describe(bot: Bot) -> None:
    """Set "What can this bot do?" and the line on the bot's profile.

    Texts that the owner wrote with @BotFather stay. Telegram allows few changes in an hour, so the
    present texts are read first. The bot's name is never set.

    Raises `TelegramError`.
    """

    async def description(code: str | None) -> str:
        return (await bot.get_my_description(code)).description

    async def short_description(code: str | None) -> str:
        return (await bot.get_my_short_description(code)).short_description

    texts = {language: speak(language) for language in languages()}
    try:
        await _set_where_free(
            {language: text.description() for language, text in texts.items()},
            description,
            bot.set_my_description,
        )
        await _set_where_free(
            {language: text.short_description() for language, text in texts.items()},
            short_description,
            bot.set_my_short_description,
        )
    except (BadRequest, InvalidToken) as error:  # PTB raises the latter for a 404
        log.warning("The bot's description can't be set (%s).", error)


def is_ours(text: str) -> bool:
    """Return whether this or an earlier release of clipbot sets this text, in any language."""
    todays = (speak(language) for language in languages())
    if any(text in {each.description(), each.short_description()} for each in todays):
        return True
    return hashlib.sha256(text.encode()).hexdigest()[:16] in _RELEASED


async def _set_where_free(
    wanted: dict[str, str],
    get: Callable[[str | None], Awaitable[str]],
    put: Callable[[str, str | None], Awaitable[object]],
) -> None:
    """Set a text in each language in which there is none, or one of ours.

    People without a text in their language read the one in the source language. If the owner
    wrote that one, ours is removed in all other languages, so that everybody reads the owner's.
    """
    for language in sorted(wanted, key=lambda language: language != SOURCE_LANGUAGE):
        code = None if language == SOURCE_LANGUAGE else language
        there = await get(code)
        if there and not is_ours(there):
            if code is None:
                wanted = dict.fromkeys(wanted, "")
        elif there != wanted[language]:
            await put(wanted[language], code)

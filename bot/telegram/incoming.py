"""Commands in messages and in captions alike.

PTB's CommandHandler reads neither captions nor what follows a command as it was typed.
"""

import re
from dataclasses import dataclass

from telegram import Message, MessageEntity

# How a command is written (TDLib, MessageEntity.cpp, find_bot_commands); ASCII on purpose.
_WRITTEN = re.compile(r"/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>@])")
# Inside these Telegram marks no commands (Bot API, formatting options), though people who copy
# `/classify a dog, a cat` from a help page send it as code.
_UNMARKED = {MessageEntity.CODE, MessageEntity.PRE, MessageEntity.TEXT_LINK}


@dataclass(frozen=True)
class Command:
    """`/classify@clipbot a dog, a cat` → name `classify`, argument `a dog, a cat`."""

    name: str
    argument: str


def command_in(message: Message, username: str) -> Command | None:
    """The command that a message's text or caption begins with, unless it is for another bot.

    Args:
        username: the bot's own, without @.
    """
    written = _written(message)
    name, _, addressee = written[1:].partition("@")
    if not name or (addressee and addressee.lower() != username.lower()):
        return None
    text = message.text or message.caption or ""
    return Command(name.lower(), text[len(written) :].strip())


def is_for_another_bot(message: Message, username: str) -> bool:
    """True where a text or caption begins with a command that names another bot."""
    _, _, addressee = _written(message).partition("@")
    return bool(addressee) and addressee.lower() != username.lower()


def _written(message: Message) -> str:
    """The command that a text or caption begins with, as it was typed, or nothing.

    Its entity may stand anywhere in the list: bold and others may cover the same words.
    """
    text = message.text or message.caption or ""
    entities = message.entities or message.caption_entities
    first = [entity for entity in entities if entity.offset == 0]
    for entity in first:
        if entity.type == MessageEntity.BOT_COMMAND:
            # A command is ASCII, so Telegram's UTF-16 length is its length here too.
            return text[: entity.length]
    if any(entity.type in _UNMARKED for entity in first) and (found := _WRITTEN.match(text)):
        return found.group()
    return ""

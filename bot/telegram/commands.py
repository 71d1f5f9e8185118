"""Commands in messages and in captions alike.

PTB's CommandHandler reads neither captions nor what follows a command as it was typed.
"""

from dataclasses import dataclass

from telegram import Message, MessageEntity


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
    text = message.text or message.caption or ""
    entities = message.entities or message.caption_entities
    first = entities[0] if entities else None
    if first is None or first.type != MessageEntity.BOT_COMMAND or first.offset != 0:
        return None
    # A command is ASCII, so Telegram's UTF-16 length is its length here too.
    name, _, addressee = text[1 : first.length].partition("@")
    if addressee and addressee.lower() != username.lower():
        return None
    return Command(name.lower(), text[first.length :].strip())

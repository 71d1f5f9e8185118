"""Privacy mode: which messages of a group a bot gets to see.

Source: https://core.telegram.org/bots/features#privacy-mode. With it on (the default), a bot that
is no administrator receives commands, replies to its own messages and service messages only.
"""

from clipbot_playground.botapi.model.messages import Message
from clipbot_playground.botapi.model.users import User


def sees(bot: User, message: Message) -> bool:
    """Whether Telegram hands this message of a person to the bot."""
    chat = message.chat
    if chat.is_private:
        return chat.bot_status != "kicked"
    if chat.bot_status not in {"member", "administrator"}:
        return False
    if not chat.privacy or chat.bot_status == "administrator" or message.service:
        return True
    if message.reply_to is not None and message.reply_to.sender.id == bot.id:
        return True
    return _commands(bot, message)


def _commands(bot: User, message: Message) -> bool:
    """A text must begin with a command for this bot; a caption may hold it anywhere."""
    for offset, _, addressee in message.content.words.commands():
        if message.content.media is None and offset > 0:
            return False
        if addressee.lower() in {"", (bot.username or "").lower()}:
            return True
    return False

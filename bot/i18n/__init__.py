"""What the bot says, in every language it speaks."""

from bot.i18n.languages import LANGUAGES, choose
from bot.i18n.sentences import Sentences, speak

__all__ = ["LANGUAGES", "Sentences", "choose", "speak"]

"""What the bot says, in every language it speaks."""

from bot.texts.languages import LANGUAGES, choose
from bot.texts.sentences import Sentences, speak

__all__ = ["LANGUAGES", "Sentences", "choose", "speak"]

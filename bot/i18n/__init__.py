"""What the bot says, in every language it speaks."""

from bot.i18n.languages import choose, languages
from bot.i18n.sentences import Sentences, speak

__all__ = ["Sentences", "choose", "languages", "speak"]

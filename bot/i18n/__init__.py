"""What the bot says, in every language that it speaks.

`speak(language)` returns its sentences, `choose` the language for a person, and `languages()` what
there is. Games derive their texts from `formatter.Formatter`. A language is one `.po` file here.
"""

from bot.i18n.languages import choose, languages
from bot.i18n.sentences import Sentences, speak

__all__ = ["Sentences", "choose", "languages", "speak"]

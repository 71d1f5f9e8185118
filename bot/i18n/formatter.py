"""What every sentence is made of: numbers, lists and names of a language, and what people typed."""

import html
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from babel.lists import format_list
from babel.numbers import format_decimal

from bot.i18n.languages import catalogue, languages, locale_of
from bot.i18n.lengths import fitting, units

# UTF-16 units. Bot API: a message has up to 4,096 characters; the rest is for the sentence around
# the list.
_LIST_LENGTH = 3_500
# Times below this, in seconds, are given in seconds alone.
_IN_SECONDS = 120
# Left free for the words that say how many lines are left out; in UTF-16 units.
_ROOM_FOR_MORE = 40
_COMMA = ", "
# First strong isolate and its end: without them a label that is written from right to left would
# move the percentage beside it.
_ISOLATE = "\u2068{}\u2069"


class Formatter:
    """Numbers, lists and short lines in one language. Classes with sentences derive from it."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = locale_of(language)
        translations = catalogue(language)
        self._ = translations.gettext
        self._n = translations.ngettext

    def percent(self, share: float) -> str:
        """Return a share of 1 as a percentage: 0.931 → `93.1 %`."""
        return f"{format_decimal(share * 100, '0.0', locale=self._locale)} %"

    def number(self, value: float) -> str:
        """Return a number with at most one decimal."""
        return format_decimal(value, "#,##0.#", locale=self._locale)

    def tenths(self, value: float) -> str:
        """Return a number with exactly one decimal."""
        return format_decimal(value, "#,##0.0", locale=self._locale)

    def languages(self) -> str:
        """Return the names of all languages: `English or Español`."""
        return format_list(list(languages().values()), style="or", locale=self._locale)

    def length_of_time(self, seconds: float) -> str:
        """Return a length of time in whole seconds, such as `30 s`, `3 min` or `2 min 42 s`."""
        total = max(0, round(seconds))
        if total < _IN_SECONDS:
            return self._("{count} s").format(count=self.number(total))
        minutes, rest = divmod(total, 60)
        text = self._("{count} min").format(count=self.number(minutes))
        return f"{text} {self._('{count} s').format(count=rest)}" if rest else text

    def winner(self, label: str, share: float) -> str:
        """Return the line of the best label."""
        return f"🏆 {self.quote(label, 'b')} · {self.percent(share)}"

    def runner_up(self, label: str, share: float) -> str:
        """Return the line of the second best label."""
        return f"🥈 {self.quote(label)} · {self.percent(share)}"

    @staticmethod
    def quote(typed: str, tag: str = "") -> str:
        """Return what a person typed, as HTML that can't change the direction of its line."""
        text = html.escape(typed, quote=False)
        if tag:
            text = f"<{tag}>{text}</{tag}>"
        right_to_left = any(unicodedata.bidirectional(c) in {"R", "AL"} for c in typed)
        return _ISOLATE.format(text) if right_to_left else text

    def list_of(self, labels: Sequence[str], room: int = _LIST_LENGTH) -> str:
        """Return labels as a person would type them, as many as fit into `room` UTF-16 units.

        By default, that is one message.
        """
        lengths = accumulate(units(label) + len(_COMMA) for label in labels)
        shown = bisect_right(list(lengths), room + len(_COMMA))
        text = _COMMA.join(self.quote(label) for label in labels[:shown])
        return text + self.and_more(len(labels) - shown)

    def and_more(self, hidden: int) -> str:
        """Return how many items of a list are not shown, to follow the others; 0: nothing."""
        if not hidden:
            return ""
        return self._n(" … and {count} more", " … and {count} more", hidden).format(count=hidden)

    def many(self, lines: Sequence[str], room: int) -> list[str]:
        """Return as many lines as fit into `room` UTF-16 units, and how many more there are."""
        shown = fitting(lines, room)
        if shown == len(lines):
            return list(lines)
        shown = fitting(lines, room - _ROOM_FOR_MORE)
        more = self._n("… and {count} more", "… and {count} more", len(lines) - shown)
        return [*lines[:shown], more.format(count=len(lines) - shown)]

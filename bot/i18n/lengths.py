"""How long a text is for Telegram, and texts made to fit."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

_TAG = re.compile(r"</?[a-z][^<>]*>")


def units(text: str) -> int:
    """A text's length as Telegram counts: an emoji is two UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shown(markup: str) -> str:
    """What is seen of a text with HTML markup."""
    return html.unescape(_TAG.sub("", markup))


def shown_units(markup: str) -> int:
    """The length of what is seen of a text with HTML markup."""
    return units(shown(markup))


def shortened(text: str, limit: int) -> str:
    """At most `limit` units of a text, its middle left out."""
    if units(text) <= limit:
        return text
    room = limit - 1  # for the ellipsis
    head, tail = _Side(), _Side()
    for kept in range(len(text) - 1):
        side = tail if kept % 2 else head
        character = text[-1 - kept // 2] if kept % 2 else text[kept // 2]
        if head.units + tail.units + side.more(character) > room:
            break
        side.add(character)
    start, end = text[: head.characters], text[len(text) - tail.characters :]
    return f"{start.rstrip()}…{end.lstrip()}"


@dataclass
class _Side:
    """One end of a shortened text, growing towards the middle.

    Attributes:
        units: of what is shown: spaces at its inner end are not.
        characters: all of it.
    """

    units: int = 0
    characters: int = 0
    _spaces: int = 0

    def more(self, character: str) -> int:
        """How many units this character would add."""
        return 0 if character.isspace() else self._spaces + units(character)

    def add(self, character: str) -> None:
        """Takes one more character."""
        self.units += self.more(character)
        self._spaces = self._spaces + 1 if character.isspace() else 0
        self.characters += 1


def fitting(lines: Sequence[str], limit: int) -> int:
    """How many of these lines with markup, from the first on, fit into `limit` units."""
    room = limit
    for count, line in enumerate(lines):
        room -= shown_units(line) + 1
        if room < 0:
            return count
    return len(lines)

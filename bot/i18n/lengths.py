"""How long a text is as chat platforms count it, and texts made to fit."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

_TAG = re.compile(r"</?[a-z][^<>]*>")


def units(text: str) -> int:
    """Return a text's length in UTF-16 units, as Telegram counts: most emoji are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shown(markup: str) -> str:
    """Return what people see of a text with HTML markup."""
    return html.unescape(_TAG.sub("", markup))


def shown_units(markup: str) -> int:
    """Return the length of what people see of a text with HTML markup, in UTF-16 units."""
    return units(shown(markup))


def shortened(text: str, limit: int) -> str:
    """Return a text; if it has more than `limit` UTF-16 units, leave out its middle."""
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
    """One end of a shortened text, which grows towards the middle.

    Attributes:
        units: length in UTF-16 units, without spaces at the inner end, which are not shown.
        characters: length in characters, with those spaces.
    """

    units: int = 0
    characters: int = 0
    _spaces: int = 0

    def more(self, character: str) -> int:
        """Return how many units this character would add."""
        return 0 if character.isspace() else self._spaces + units(character)

    def add(self, character: str) -> None:
        """Add one more character."""
        self.units += self.more(character)
        self._spaces = self._spaces + 1 if character.isspace() else 0
        self.characters += 1


def fitting(lines: Sequence[str], limit: int) -> int:
    """Return how many lines with markup, from the first on, fit into `limit` UTF-16 units."""
    room = limit
    for count, line in enumerate(lines):
        room -= shown_units(line) + 1
        if room < 0:
            return count
    return len(lines)

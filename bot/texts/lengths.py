"""How long a text is for Telegram, and texts made to fit."""

import html
import re
from collections.abc import Sequence

_TAG = re.compile(r"</?[a-z][^<>]*>")


def units(text: str) -> int:
    """A text's length as Telegram counts: an emoji is two UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shown_units(markup: str) -> int:
    """The length of what is seen of a text with HTML markup."""
    return units(html.unescape(_TAG.sub("", markup)))


def shortened(text: str, limit: int) -> str:
    """At most `limit` units of a text, its middle left out."""
    kept, short = len(text), text
    while units(short) > limit:
        kept -= 1
        end = kept // 2
        short = f"{text[: kept - end].rstrip()}…{text[len(text) - end :].lstrip()}"
    return short


def fitting(lines: Sequence[str], limit: int) -> int:
    """How many of these lines with markup, from the first on, fit into `limit` units."""
    room = limit
    for count, line in enumerate(lines):
        room -= shown_units(line) + 1
        if room < 0:
            return count
    return len(lines)

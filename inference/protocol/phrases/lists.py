"""Lists that need no commas: `- dog - cat`, `1. dog 2. cat`, `dog | cat`.

Also what remains of them in an item: its bullet or number, or `or` before the last one.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from string import ascii_lowercase

from inference.protocol.phrases.language import all_languages, any_of
from inference.protocol.phrases.separators import Item

# Bullets that are also used otherwise: as bullets, a blank follows them.
_DASHES = r"\-–—*·→+>"
# Bullets and nothing else.
_DOTS = "•◦‣●○■□▪▫◆◇►▶▸"
# Emoji that people use as bullets; a single one may be a part of its label.
_EMOJI = "➡✓✔✅❌❎☑✗✘👉🔹🔸🔷🔶⭐★☆📌📍🔴🟠🟡🟢🔵🟣🟤⚫⚪🟥🟧🟨🟩🟦🟪🟫⬛⬜"
_BULLET = re.compile(rf"(?:[{_DASHES}]\s+|[{_DOTS}{_EMOJI}]\ufe0f?\s*)+(?=\S)")
_TIGHT_DASH = re.compile(r"[-–—](?=[^\W\d])")
# 1. 1.- 1) (1) 1: 1 - 1º 1️⃣ a) (a); not 1.5
_NUMBER = re.compile(
    r"(?<!\S)(?:(\d{1,2})(?:\.-\s*|\.\s+|\.(?=[^\W\d])|:\s+|\s?[-–]\s+|\.?[ºª]\s+|\ufe0f?\u20e3\s*)"
    r"|\(?(\d{1,2}|[A-Za-z])\)\s*)"
)
_LETTER = re.compile(r"([A-Za-z])[.:]\s+()")  # only in lines: it may be a name's initial
_LETTER_COLON = re.compile(r"([A-Za-z]):\s+()")
_INLINE_LETTER = re.compile(r"(?<!\S)([A-Za-z])[.:]\s+()")  # A. dog B. cat
_SINGLE_NUMBER = re.compile(r"(?:1\.\s+|\(?1\)\s*)(?=[^\W\d])")
_SYMBOLS = re.compile(rf"\s*[{_DOTS}]\ufe0f?\s*|\s+·\s+")
_EMOJI_SYMBOLS = re.compile(rf"\s*[{_EMOJI}]\ufe0f?\s*")
# On a line of their own, these join the lines around them.
_JOINTS = frozenset({"or", "o", "vs", "vs.", "versus"})
# A heading before a list ends with one of these.
_HEADING_ENDS = (":", "?")


def split_inline(text: str) -> list[Item] | None:
    """Return the items of a list on one line; None if the text is no such list."""
    found = _numbered(text) or _bulleted(text) or _at_least_two(text.split("|"))
    return list(map(Item, found)) if found else None


def without_markers(items: Sequence[Item], *, by_lines: bool) -> list[Item]:
    """Return the items without what marks them as items of a list.

    Args:
        by_lines: each is on a line of its own; then there may also be a heading.
    """
    if not any(item.is_quoted for item in items):
        found = _unmarked(items, by_lines=by_lines)
        has_heading = len(items) > 2 and items[0].text.endswith(_HEADING_ENDS)
        if not found and by_lines and has_heading:
            found = _unmarked(items[1:], by_lines=True)
        items = found or items
    if by_lines:
        things = [item for item in items if item.is_quoted or item.text.lower() not in _JOINTS]
        are_words = all(len(item.text) > 1 for item in things)  # a, e, i, o, u are letters
        items = things if len(things) > 1 and are_words else items
    return _without_conjunction(items)


def _numbered(text: str) -> list[str] | None:
    for pattern in (_NUMBER, _INLINE_LETTER):
        found = list(pattern.finditer(text))
        if _counts_up(found, at_least=2) and _is_heading(text[: found[0].start()]):
            break
    else:
        return None
    starts, ends = [one.end() for one in found], [one.start() for one in found[1:]]
    parts = [text[a:b].strip() for a, b in zip(starts, [*ends, len(text)], strict=True)]
    return parts if all(parts) else None


def _bulleted(text: str) -> list[str] | None:
    if re.match(rf"[{_DASHES}]\s", text):
        bullet = re.escape(text[0])
        return _at_least_two(re.split(rf"(?:^|\s){bullet}\s+", text))
    first, *rest = _SYMBOLS.split(text)
    if not rest and _EMOJI_SYMBOLS.match(text):
        first, *rest = _EMOJI_SYMBOLS.split(text)
    if len(rest) > 1 and first.endswith(_HEADING_ENDS):
        return _at_least_two(rest)
    return _at_least_two([first, *rest])


def _at_least_two(parts: Sequence[str]) -> list[str] | None:
    found = [part.strip() for part in parts if part.strip()]
    return found if len(found) > 1 else None


def _is_heading(text: str) -> bool:
    return not text.strip() or text.strip().endswith(_HEADING_ENDS)


def _counts_up(found: Sequence[re.Match[str]], *, at_least: int) -> bool:
    """Return whether the numbers are 1, 2, 3, … or a, b, c, …"""
    marks = [(one.group(1) or one.group(2)).lower() for one in found]
    counted = [str(n + 1) for n in range(len(marks))]
    lettered = list(ascii_lowercase[: len(marks)])
    return len(marks) >= at_least and marks in (counted, lettered)


def _unmarked(items: Sequence[Item], *, by_lines: bool) -> list[Item] | None:
    """Return the items without bullets or numbers; None unless all of them have one."""
    for found in _markers([item.text for item in items], by_lines=by_lines):
        ends = [one.end() for one in found if one]
        if len(ends) == len(items):
            left = [item.text[end:].strip() for item, end in zip(items, ends, strict=True)]
            return list(map(Item, left)) if all(left) else None
    return None


def _markers(texts: Sequence[str], *, by_lines: bool) -> Iterator[Sequence[re.Match[str] | None]]:
    """Yield what may mark the items of a list, one kind of markers after the other."""
    if len(texts) == 1:
        if texts[0][0] not in _EMOJI and texts[0][0] != texts[0][-1]:  # but: * new *
            yield [_BULLET.match(texts[0])]
        yield [_SINGLE_NUMBER.match(texts[0])]
        return
    yield [_BULLET.match(text) for text in texts]
    for pattern in (_NUMBER, _LETTER if by_lines else _LETTER_COLON):
        counted = [found for text in texts if (found := pattern.match(text))]
        if _counts_up(counted, at_least=len(texts)):
            yield counted
    if by_lines:
        yield [_TIGHT_DASH.match(text) for text in texts]


def _without_conjunction(items: Sequence[Item]) -> list[Item]:
    """Return the items without `or` before the last of several: `a dog, a cat, or a bird?`"""
    *others, last = items
    found = _conjunction().match(last.text)
    if not others or last.is_quoted or not found:
        return list(items)
    rest = last.text[found.end() :].rstrip("?").rstrip()
    if not rest:
        return list(items)
    if not others[0].is_quoted:
        first = others[0].text.lstrip("¿").lstrip()
        others[0] = Item(first) if first else others[0]
    return [*others, Item(rest)]


@cache
def _conjunction() -> re.Pattern[str]:
    lists = all_languages()
    determiner = rf"(?=(?:{any_of(lists.determiners)})\s)"
    return re.compile(
        rf"(?:(?:{any_of(lists.before_last)})\s+"
        rf"|(?:{any_of(lists.before_last_determiner)})\s+{determiner})+",
        re.IGNORECASE,
    )

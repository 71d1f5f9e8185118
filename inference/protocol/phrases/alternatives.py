"""Alternatives in one line: `dog or cat?`, `is it a dog or a cat?`, `dog vs cat`, `dog / cat`.

Most sentences with "or" are one label: `a man walking or running`. A text is split only where
`choices.is_clear` says so. A question says that a choice is wanted, so it is split more readily.
"""

import re
from collections.abc import Iterator
from functools import cache

from inference.protocol.phrases import choices
from inference.protocol.phrases.choices import Choice
from inference.protocol.phrases.language import WordLists, all_languages, any_of, languages
from inference.protocol.phrases.separators import Item

# Letters in each word of `dog/cat`: shorter ones are abbreviations, such as km/h.
_MIN_LETTERS = 3
# Longer than a label, so that looking for the end of a quote takes a bounded time.
_QUOTED = r"\"[^\"]{1,120}\"|“[^”]{1,120}”|«[^»]{1,120}»|(?<!\w)'[^']{1,120}'(?!\w)"
_VERSUS = re.compile(rf"({_QUOTED})|\s+(?:vs\.?|versus)\s+", re.IGNORECASE)
_SLASH = re.compile(rf"({_QUOTED})|\s+/\s+")
_AFTER_OPENER = r"\s*[:?]*\s+¿?\s*"


def split_alternatives(text: str) -> list[Item] | None:
    """Return the alternatives in a text; None if it is one label."""
    if text.startswith("#") or "://" in text:
        return None
    body, is_asked = _without_question_mark(text)
    if "/" in body and (_is_compound(body) or " / " not in body):
        return _tight(body)
    for lists in languages():
        conjunction = _conjunction(lists)
        if len(_split(body, conjunction)) > 1:
            found = _first_choice(body, conjunction, lists, is_asked=is_asked, is_or=True)
            if found:
                return found
    for separator in (_VERSUS, _SLASH):
        if len(_split(body, separator)) > 1:
            lists = all_languages()
            return _first_choice(body, separator, lists, is_asked=is_asked, is_or=False)
    return None


def _without_question_mark(text: str) -> tuple[str, bool]:
    """Return a text without its question mark and what follows that, and whether it had one."""
    end = text.rfind("?")
    is_asked = text.startswith("¿") or end >= 0
    if end >= 0 and not any(map(str.isalnum, text[end:])):
        text = text[:end]
    return text.lstrip("¿¡ ").rstrip("?!.… "), is_asked


def _first_choice(
    body: str, separator: re.Pattern[str], lists: WordLists, *, is_asked: bool, is_or: bool
) -> list[Item] | None:
    """Return the alternatives of the first reading of a text that has some."""
    for rest, opener in _readings(body, lists, is_asked=is_asked):
        parts = _split(rest, separator)
        if opener:
            parts = [parts[0], *(_without_opener(part, opener, lists) for part in parts[1:])]
        choice = Choice(
            rest,
            parts,
            lists,
            is_asked=is_asked or bool(opener),
            has_opener=bool(opener),
            is_or=is_or,
        )
        if choices.is_clear(choice):
            return parts
    return None


def _readings(
    body: str, lists: WordLists, *, is_asked: bool
) -> Iterator[tuple[str, re.Pattern[str] | None]]:
    """Yield a text without each beginning of a question that it has, then as it is."""
    for opener in _openers(lists, is_asked=is_asked):
        if found := opener.match(body):
            yield body[found.end() :], opener
    yield body, None


def _without_opener(part: Item, opener: re.Pattern[str], lists: WordLists) -> Item:
    """Return an alternative without a beginning that is said again: `is it a dog or is it a cat`.

    The last word alone can be said again as well: `does it look like a dog or like a cat`.
    """
    if part.is_quoted:
        return part
    if found := opener.match(part.text):
        return Item(part.text[found.end() :])
    first, _, rest = part.text.partition(" ")
    last_of_opener = opener.pattern.removesuffix(_AFTER_OPENER).split("\\ ")[-1]
    is_said_again = first.lower() == last_of_opener and last_of_opener in lists.prepositions
    return Item(rest) if is_said_again and rest else part


def _split(text: str, separator: re.Pattern[str]) -> list[Item]:
    """Split at a separator outside of quotes; its pattern has a group for what is quoted."""
    parts: list[Item] = []
    start = 0
    for found in separator.finditer(text):
        if not found.group(1):
            parts.append(_part(text[start : found.start()]))
            start = found.end()
    return [*parts, _part(text[start:])]


def _part(text: str) -> Item:
    text = text.strip(" ?¿")
    is_quoted = bool(re.fullmatch(_QUOTED, text))
    return Item(text[1:-1].strip(), is_quoted=True) if is_quoted else Item(text)


def _is_compound(body: str) -> bool:
    return body.lower().replace(" ", "") in all_languages().compounds


def _tight(body: str) -> list[Item] | None:
    """Return the parts of `dog/cat` or `a dog/a cat`; None if that can be one word."""
    parts = [part.strip() for part in body.split("/")]
    if " /" in body or "/ " in body or _is_compound(body):
        return None
    items = list(map(Item, parts))
    if all(part.isalpha() and len(part) >= _MIN_LETTERS for part in parts):
        return None if body.isupper() or len(set(parts)) < len(parts) else items
    lists = all_languages()
    led = all(part.lower().split(" ")[0] in lists.determiners for part in parts)
    return items if led and choices.is_clear(Choice(body, items, lists)) else None


@cache
def _openers(lists: WordLists, *, is_asked: bool) -> list[re.Pattern[str]]:
    """Return patterns for what can come before the alternatives, the longest first."""
    known = lists.both | lists.openers | (lists.question_openers if is_asked else frozenset())
    word = rf"(?!(?:{any_of(lists.determiners)})\s)\S+"  # a * in the lists
    return [
        re.compile(re.escape(each).replace(r"\*", word) + _AFTER_OPENER, re.IGNORECASE)
        for each in sorted(known, key=lambda each: (-len(each), each))
    ]


@cache
def _conjunction(lists: WordLists) -> re.Pattern[str]:
    # Spanish says u instead of o before o- and ho-.
    spelled = [rf"{each}(?=\s+h?[oó])" if each == "u" else each for each in lists.conjunctions]
    return re.compile(rf"({_QUOTED})|\s+¿?(?:{'|'.join(sorted(spelled))})\s+", re.IGNORECASE)

"""Alternatives in one line: `dog or cat?`, `is it a dog or a cat?`, `dog vs cat`, `Dog? Cat?`

Most sentences with "or" are one label: `a man walking or running`. A text is split only where
`choices.is_clear` says so. A question says that a choice is wanted, so it is split more readily.
"""

import re
from functools import cache

from inference.protocol.phrases import choices, openers
from inference.protocol.phrases.choices import Choice
from inference.protocol.phrases.language import WordLists, all_languages, languages
from inference.protocol.phrases.openers import Reading
from inference.protocol.phrases.separators import Item
from inference.protocol.phrases.wording import are_things, is_emoji, is_symbol

# Letters in each word of `dog/cat`: shorter ones are abbreviations, such as km/h.
_MIN_LETTERS = 3
# Words in each part of `Dog? Cat?`
_MAX_WORDS_IN_QUESTION = 4
# Longer than a label, so that looking for the end of a quote takes a bounded time.
_QUOTED = r"\"[^\"]{1,120}\"|“[^”]{1,120}”|«[^»]{1,120}»|(?<!\w)'[^']{1,120}'(?!\w)"
_VERSUS = re.compile(rf"({_QUOTED})|\s+(?:vs\.?|versus)\s+", re.IGNORECASE)
_SLASH = re.compile(rf"({_QUOTED})|\s+/\s+")


def split_alternatives(text: str, *, is_asked: bool = False) -> list[Item] | None:
    """Return the alternatives in a text; None if it is one label.

    Args:
        is_asked: what was before the text says that it is a question.
    """
    if text.startswith("#") or "://" in text:
        return None
    asked = openers.without_asides(text)
    found = _found(asked, is_asked=is_asked) if asked != text else None
    return found or _found(text, is_asked=is_asked)


def _found(text: str, *, is_asked: bool) -> list[Item] | None:
    body, has_mark = without_question_mark(text)
    is_asked |= has_mark
    if "/" in body and (_is_compound(body) or " / " not in body):
        return _tight(body)
    for lists in languages():
        separator = conjunction(lists)
        if len(split(body, separator)) > 1:
            found = _first_choice(body, separator, lists, is_asked=is_asked, is_or=True)
            if found:
                return found
    for separator in (_VERSUS, _SLASH):
        if len(split(body, separator)) > 1:
            lists = all_languages()
            return _first_choice(body, separator, lists, is_asked=is_asked, is_or=False)
    return _each_asked(text)


def without_question_mark(text: str) -> tuple[str, bool]:
    """Return a text without its question mark and what follows that, and whether it had one."""
    end = text.rfind("?")
    is_asked = text.startswith("¿") or end >= 0
    if end >= 0 and not any(map(str.isalnum, text[end:])):
        text = text[:end]
    return text.lstrip("¿¡ ").rstrip("?!.… "), is_asked


def _each_asked(text: str) -> list[Item] | None:
    """Return the things in a text of nothing but short questions: `Dog? Cat?`"""
    *parts, last = text.split("?")
    if any(map(str.isalnum, last)):
        return None
    items = [Item(part.strip(" ¿")) for part in parts if part.strip(" ¿")]
    first_words = {item.text.lower().split()[0] for item in items}
    are_short = all(len(item.text.split()) <= _MAX_WORDS_IN_QUESTION for item in items)
    is_clear = len(items) > 1 and are_short and are_things(items)
    return items if is_clear and first_words.isdisjoint(all_languages().conjunctions) else None


def _first_choice(
    body: str, separator: re.Pattern[str], lists: WordLists, *, is_asked: bool, is_or: bool
) -> list[Item] | None:
    """Return the alternatives of the first reading of a text that has some."""
    as_it_is = Reading(body, is_asked=is_asked)
    for reading in [*openers.readings(body, lists, is_asked=is_asked), as_it_is]:
        parts = split(reading.text, separator)
        if reading.opener:
            parts[1:] = [reading.opener.without(part, lists) for part in parts[1:]]
        parts = _without_emoji_at_end(parts)
        choice = Choice(
            reading.text,
            parts,
            lists,
            is_asked=is_asked or reading.is_asked,
            has_opener=bool(reading.opener),
            is_or=is_or,
        )
        if choices.is_clear(choice):
            return parts
    return None


def _without_emoji_at_end(parts: list[Item]) -> list[Item]:
    """Return alternatives without the emoji that only the last one has: `cat or dog 🤔`."""
    *others, last = parts
    if last.is_quoted or any(map(is_symbol, "".join(item.text for item in others))):
        return parts
    words = last.text.split(" ")
    while len(words) > 1 and not any(map(str.isalnum, words[-1])):
        if not any(map(is_symbol, words.pop())):
            return parts
    return [*others, Item(" ".join(words))]


def split(text: str, separator: re.Pattern[str]) -> list[Item]:
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
    if all(map(is_emoji, parts)):
        return items
    lists = all_languages()
    led = all(part.lower().split(" ")[0] in lists.determiners for part in parts)
    return items if led and choices.is_clear(Choice(body, items, lists)) else None


@cache
def conjunction(lists: WordLists) -> re.Pattern[str]:
    """Return the pattern of "or" in a language, for `split`."""
    # Spanish says u instead of o before o- and ho-.
    spelled = [rf"{each}(?=\s+h?[oó])" if each == "u" else each for each in lists.conjunctions]
    return re.compile(rf"({_QUOTED})|\s+¿?(?:{'|'.join(sorted(spelled))})\s+", re.IGNORECASE)

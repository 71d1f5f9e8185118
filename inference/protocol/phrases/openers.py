"""What people say before alternatives or a list, and around them: `is it`, `options:`, `please`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from inference.protocol.phrases.language import WordLists, all_languages, any_of, languages
from inference.protocol.phrases.separators import Item
from inference.protocol.phrases.wording import are_things

_AFTER_OPENER = r"\s*[:?]*\s+¿?\s*"
_HEADING = re.compile(r"¿?([^:¿?]{1,40}):\s+")
# Words in a heading that no list knows: `my mushroom: edible or poisonous?`
_MAX_HEADING_WORDS = 3
# Words in one aside, asides at each end.
_MAX_ASIDE_WORDS, _MAX_ASIDES = 2, 3
_ASIDE_EDGES = ",.!:;… "
_UNACCENTED = str.maketrans("áéíóú", "aeiou")


@dataclass(frozen=True, slots=True)
class Opener:
    """How a question begins.

    Attributes:
        last: its last word.
        is_long: it has two words or more; one word alone, such as `son`, can mean something else.
    """

    pattern: re.Pattern[str]
    last: str
    is_long: bool

    def without(self, item: Item, lists: WordLists) -> Item:
        """Return an item without this beginning: `is it a dog or is it a cat`.

        The last word alone can be said again as well: `does it look like a dog or like a cat`.
        """
        if item.is_quoted:
            return item
        if found := self.pattern.match(item.text):
            rest = item.text[found.end() :]
            return Item(rest) if rest else item
        first, _, rest = item.text.partition(" ")
        is_said_again = first.lower() == self.last and self.last in lists.prepositions
        return Item(rest) if is_said_again and rest else item


@dataclass(frozen=True, slots=True)
class Reading:
    """A text without what may be its beginning.

    Attributes:
        is_asked: that beginning says that a choice is wanted.
    """

    text: str
    opener: Opener | None = None
    is_asked: bool = False


def readings(text: str, lists: WordLists, *, is_asked: bool) -> Iterator[Reading]:
    """Yield a text without each beginning of a question that it has, and without its heading."""
    for opener in openers(lists, is_asked=is_asked):
        if found := opener.pattern.match(text):
            yield Reading(text[found.end() :], opener, is_asked=True)
    rest = without_heading(text, is_asked=is_asked)
    if rest != text:
        yield Reading(rest, is_asked=True)


def without_heading(text: str, *, is_asked: bool) -> str:
    """Return a text without `options: `, or any short heading in a question."""
    found = _HEADING.match(text)
    if not found:
        return text
    heading = found.group(1).strip()
    is_known = heading.lower() in all_languages().headings
    is_short = len(heading.split()) <= _MAX_HEADING_WORDS
    is_thing = is_short and not heading[-1:].isdigit() and are_things([Item(heading)])
    return text[found.end() :] if is_known or (is_asked and is_thing) else text


def is_opener(text: str) -> bool:
    """Return whether a text is nothing but the beginning of a question, of two words at least."""
    text = text.strip("¿? ")
    return any(
        opener.is_long and opener.pattern.fullmatch(f"{text} ")
        for lists in languages()
        for opener in openers(lists, is_asked=False)
    )


@cache
def openers(lists: WordLists, *, is_asked: bool) -> Sequence[Opener]:
    """Return what can come before the alternatives, the longest first."""
    known = lists.both | lists.openers | (lists.question_openers if is_asked else frozenset())
    return [
        Opener(
            re.compile(_typed(each, lists) + _AFTER_OPENER, re.IGNORECASE),
            last=each.rpartition(" ")[2],
            is_long=" " in each,
        )
        for each in sorted(known, key=lambda each: (-len(each), each))
    ]


def _typed(opener: str, lists: WordLists) -> str:
    """Return a pattern for an opener, with and without its accents; * is one word in it."""
    word = rf"(?!(?:{any_of(lists.determiners)})\s)\S+"
    pattern = re.escape(opener).replace(r"\*", word)
    unaccented = opener.translate(_UNACCENTED)
    if unaccented in lists.determiners:  # esta feliz o triste? but not: esta mesa o esa mesa?
        how = rf"(?=\s+(?:{any_of(lists.modifiers)})\s+(?:{any_of(lists.conjunctions)})\s)"
        return rf"(?:{pattern}|{unaccented}{how})"
    return "".join(
        f"[{each}{each.translate(_UNACCENTED)}]" if each in "áéíóú" else each for each in pattern
    )


def without_asides(text: str) -> str:
    """Return a text without `hey` at its beginning and `please` or `lol` at its end."""
    asides = all_languages().asides
    words = text.split()
    start, end = 0, len(words)
    for _ in range(_MAX_ASIDES):
        for count in range(1, _MAX_ASIDE_WORDS + 1):
            if _joined(words[start : start + count]) in asides:
                start += count
            if _joined(words[max(start, end - count) : end]) in asides:
                end -= count
    asked = " ".join(words[start:end])
    if "?" in text or _begins(asked):
        return asked
    return " ".join(words[:end])  # please sit or stand


def _begins(text: str) -> bool:
    """Return whether a text begins as a question does."""
    return any(
        opener.is_long and opener.pattern.match(text)
        for lists in languages()
        for opener in openers(lists, is_asked=False)
    )


def is_aside(item: Item) -> bool:
    """Return whether an item is something that people say around a question."""
    return not item.is_quoted and _joined([item.text]) in all_languages().asides


def _joined(words: Sequence[str]) -> str:
    return " ".join(words).lower().strip(_ASIDE_EDGES)

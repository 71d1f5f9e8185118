"""What the words of a phrase look like: things, modifiers, participles, numbers, emoji."""

import re
import unicodedata
from collections.abc import Sequence

from inference.protocol.phrases.language import WordLists, all_languages
from inference.protocol.phrases.separators import Item

# In a part, these are signs of something else: a sentence, an address, code.
_FOREIGN = re.compile(r"[!?:;()\[\]{}<>=@#/|\\]")
_MARKS = "¿?!.… "
_WORD_EDGES = ".,'\"“”«»’…"

Words = Sequence[str]


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case; its symbols, such as emoji, if it has none."""
    words = [word.strip(_WORD_EDGES) for word in text.lower().replace("’", "'").split()]
    found = [word for word in words if any(map(str.isalnum, word))]
    return found or [word for word in words if any(map(is_symbol, word))]


def is_symbol(character: str) -> bool:
    """Return whether a character is an emoji or the like, not + or $."""
    return unicodedata.category(character) == "So"


def is_emoji(text: str) -> bool:
    """Return whether a text is nothing but emoji, with their colours and joiners."""
    kinds = set(map(unicodedata.category, text))
    return "So" in kinds and kinds <= {"So", "Sk", "Mn", "Cf"}


def are_things(items: Sequence[Item]) -> bool:
    """Return whether each item that is not in quotes is no sentence of any language."""
    return all(item.is_quoted or _is_phrase(item.text.removeprefix("#")) for item in items)


def _is_phrase(text: str) -> bool:
    lists = all_languages()
    words = words_of(text)
    foreign = lists.sentence_words - lists.also_things - lists.additions
    if len(words) == 1:
        foreign -= lists.rest_choices
    return foreign.isdisjoint(words) and not is_foreign(text.strip(_MARKS))


def is_foreign(text: str) -> bool:
    """Return whether a text is made as sentences, addresses or code are; not: `St. Paul's`."""
    known = all_languages().abbreviations
    stops = (word[:-1].lower() for word in text.split()[:-1] if word.endswith("."))
    return bool(_FOREIGN.search(text)) or any(word not in known for word in stops)


def says_how(lists: WordLists, words: Words) -> bool:
    """Return whether words only say how a thing is: `big`, `dark blue`."""
    return all(is_modifier(lists, word) for word in words)


def is_modifier(lists: WordLists, word: str) -> bool:
    return word in lists.modifiers or (
        word.endswith(tuple(lists.modifier_endings)) and word not in lists.not_modifiers
    )


def is_participle(lists: WordLists, word: str) -> bool:
    return word.endswith(tuple(lists.verb_endings)) and word not in lists.not_verbs


def is_number(lists: WordLists, word: str) -> bool:
    return word.isdigit() or word in lists.numbers

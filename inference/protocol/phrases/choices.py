"""Whether parts of a text are alternatives: things of the same kind that share no word.

`a red or blue car` and `a man walking or running` share one; `trick or treat` is a set phrase.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from inference.protocol.phrases.language import WordLists
from inference.protocol.phrases.separators import Item

# Words in one part: in a question, and otherwise.
_MAX_WORDS_ASKED, _MAX_WORDS = 6, 4
# In a part, these are signs of something else: a sentence, an address, code.
_FOREIGN = re.compile(r"[!?:;()\[\]{}<>=@#/|\\]|\.\s")
_WORD_EDGES = ".,'\"“”«»’…"

Words = Sequence[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be several alternatives.

    Attributes:
        text: all parts and what joins them.
        lists: of the language that the text is in, or of all of them.
        is_asked: a question mark or the beginning of a question says that a choice is wanted.
        has_opener: the text began as a question does; the parts are without that beginning.
        is_or: the parts are joined by "or"; otherwise by "vs" or a slash.
    """

    text: str
    parts: Sequence[Item]
    lists: WordLists
    is_asked: bool = False
    has_opener: bool = False
    is_or: bool = False


def is_clear(choice: Choice) -> bool:
    """Return whether the parts can't be meant otherwise than as alternatives."""
    words = [_words(part.text) for part in choice.parts]
    if len(words) < 2 or not all(words) or len(set(map(tuple, words))) < 2:
        return False
    typed = [part for part in choice.parts if not part.is_quoted]
    words = [_words(part.text) for part in typed]
    return (
        (choice.has_opener or not _is_set_phrase(choice))
        and all(
            _is_thing(choice, part.text, of_it) for part, of_it in zip(typed, words, strict=True)
        )
        and not _leaves_open(choice, words)
        and (choice.is_asked or not _are_clauses(choice.lists, words))
        and (len(words) < 2 or _are_alike(choice, words))
    )


def _words(text: str) -> list[str]:
    words = (word.strip(_WORD_EDGES) for word in text.lower().replace("’", "'").split())
    return [word for word in words if any(map(str.isalnum, word))]


def _is_set_phrase(choice: Choice) -> bool:
    text = f" {' '.join(_words(choice.text))} "
    return any(f" {idiom} " in text for idiom in choice.lists.idioms)


def _is_thing(choice: Choice, text: str, words: Words) -> bool:
    """Return whether a part can be a thing: it is short, and no sentence."""
    lists = choice.lists
    if len(words) > (_MAX_WORDS_ASKED if choice.is_asked else _MAX_WORDS) or _FOREIGN.search(text):
        return False
    rest = words[1:] if words[0] in lists.determiners else words
    if not rest or (choice.is_or and not choice.is_asked and len(rest) == len(rest[0]) == 1):
        return False  # one letter
    foreign = lists.sentence_words
    if choice.is_asked or len(words) == 1:
        foreign -= lists.also_things
    return foreign.isdisjoint(rest) and (choice.is_asked or not _has_verb(choice, words))


def _has_verb(choice: Choice, words: Words) -> bool:
    """Return whether one of several words looks like a verb: `a man walking`, `the dog barks`."""
    lists = choice.lists
    if len(words) == 1:
        return False
    if any(_is_participle(lists, word) for word in words):
        return True
    return (
        choice.is_or
        and words[0] in lists.determiners
        and len(words) > 2
        and lists.prepositions.isdisjoint(words)
        and words[-1] not in lists.modifiers | lists.not_verbs
        and words[-1].endswith(tuple(lists.last_verb_endings))
    )


def _are_clauses(lists: WordLists, words: Sequence[Words]) -> bool:
    """Return whether the parts look like sentences, or like places: `birds sing or dogs bark`."""
    if any(len(one) > 1 and one[0] in lists.prepositions for one in words):
        return True  # on the sofa or on the floor
    return bool(words) and all(
        len(one) > 1
        and (one[0].endswith("s") or one[0] in lists.plurals)
        and one[0] not in lists.modifiers
        and not one[-1].endswith("s")
        for one in words
    )


def _is_participle(lists: WordLists, word: str) -> bool:
    return word.endswith(tuple(lists.verb_endings)) and word not in lists.not_verbs


def _leaves_open(choice: Choice, words: Sequence[Words]) -> bool:
    """Return whether the text asks for no choice: `two or three dogs`, `a cat or something`."""
    lists = choice.lists
    are_single = all(len(one) == 1 for one in words)
    if choice.is_asked and choice.is_or and are_single:  # "1 or 2?", "before or after?"
        return any(one[0] in lists.no_choice - lists.numbers for one in words[1:])
    return (
        any(one[0] in lists.no_choice for one in words[1:])
        or any(one[-1] in lists.prepositions for one in words)
        or len({sum(word in lists.prepositions for word in one) for one in words}) > 1
        or len({_is_number(lists, one[-1]) for one in words}) > 1  # Madrid vs Barcelona 2024
        or any(
            _is_number(lists, left[-1]) and _is_number(lists, right[0])
            for left, right in pairwise(words)
        )
    )


def _is_number(lists: WordLists, word: str) -> bool:
    return word.isdigit() or word in lists.numbers


def _are_alike(choice: Choice, words: Sequence[Words]) -> bool:
    """Return whether all parts are built alike, so that they share no word."""
    lists = choice.lists
    first, *others = words
    is_led = first[0] in lists.determiners
    others_are_led = {other[0] in lists.determiners for other in others}
    if len(others_are_led) > 1:
        return False
    if is_led and others_are_led == {True}:  # a dog or a cat; but: a stop or a yield sign
        readily = choice.is_asked or not choice.is_or
        return _are_equally_long(words) or (readily and not _share_end(lists, words))
    if is_led:  # a dog or cat?
        return choice.is_asked and len(first) == 2 and _are_plain(lists, [first[1:], *others])
    if others_are_led == {True}:  # dog or a cat?
        return choice.is_asked
    # dog or guinea pig? but not: red or blue car?
    shares = _share_beginning(choice, words) or _share_end(lists, words)
    readily = choice.is_asked or not choice.is_or
    return _are_equally_long(words) or (readily and not shares)


def _are_equally_long(words: Sequence[Words]) -> bool:
    return len(set(map(len, words))) == 1


def _are_plain(lists: WordLists, words: Sequence[Words]) -> bool:
    """Return whether each part is one word that says nothing about another one."""
    return all(
        len(one) == 1 and one[0] not in lists.modifiers and not _is_participle(lists, one[0])
        for one in words
    )


def _share_beginning(choice: Choice, words: Sequence[Words]) -> bool:
    """Return whether the beginning of the first part belongs to later ones as well."""
    lists = choice.lists
    if all(word in lists.modifiers for word in words[0]):
        return not choice.has_opener  # red or blue car; but: is it red or pale blue
    doing = [any(_is_participle(lists, word) for word in one) for one in words]
    return doing[0] and not all(doing)  # wearing glasses or lenses


def _share_end(lists: WordLists, words: Sequence[Words]) -> bool:
    """Return whether the end of a later part belongs to the first one as well."""
    first, *others = words
    ends = [other[-1] for other in others]
    longer = [other[-1] for other in others if len(other) > 1]
    if first[-1] not in lists.shared_heads and not lists.shared_heads.isdisjoint(longer):
        return True  # cat or dog food
    if any(all(word in lists.modifiers for word in other) for other in others):
        return True  # coche rojo o azul
    return first[-1] not in lists.modifiers and any(
        end in lists.modifiers or _is_participle(lists, end) for end in ends
    )  # perro o gato negro, people walking or running

"""Whether parts of a text are alternatives: things of the same kind that share no word.

`a red or blue car` and `a man walking or running` share one; `trick or treat` is a set phrase.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from inference.protocol.phrases.language import WordLists
from inference.protocol.phrases.separators import Item
from inference.protocol.phrases.wording import (
    Words,
    are_things,
    is_foreign,
    is_modifier,
    is_number,
    is_participle,
    says_how,
    words_of,
)

# Words in one part, after its article: in a question, and otherwise.
_MAX_WORDS_ASKED, _MAX_WORDS = 6, 4


@dataclass(frozen=True)
class Choice:
    """What may be several alternatives.

    Attributes:
        text: all parts and what joins them.
        lists: of the language that the text is in, or of all of them.
        is_asked: a question mark or the beginning of a question says that a choice is wanted.
        has_opener: the text began as a question does; the parts are without that beginning.
        is_or: the parts are joined by "or"; otherwise by "vs" or a slash.
        before: the other items of the list that the text ends: `a cat` of `a cat, a dog or a bird`.
    """

    text: str
    parts: Sequence[Item]
    lists: WordLists
    is_asked: bool = False
    has_opener: bool = False
    is_or: bool = False
    before: Sequence[Item] = ()

    @property
    def is_likely(self) -> bool:
        """Whether other signs than "or" say that these are alternatives."""
        return self.is_asked or not self.is_or or bool(self.before)

    @cached_property
    def rest(self) -> Words | None:
        """The words of a last part that stands for all else: `cat or dog or neither`."""
        last = words_of(self.parts[-1].text)
        are_several = len(self.parts) > 2 or bool(self.before)
        return last if are_several and last[:1] and last[0] in self.lists.rest_choices else None

    @cached_property
    def is_series(self) -> bool:
        """Whether all items of a list are numbers, or letters: `1, 2 or 3`, `S, M or L`."""
        items = [words_of(item.text) for item in [*self.before, *self.parts]]
        words = [one[0] for one in items if len(one) == 1]
        return (
            bool(self.before)
            and len(words) == len(items)
            and (all(is_number(self.lists, each) for each in words) or max(map(len, words)) <= 2)
        )

    @cached_property
    def are_sums(self) -> bool:
        """Whether each part has one "and" inside: `white and gold or blue and black?`"""
        inside = [words_of(part.text)[1:-1] for part in self.parts if not part.is_quoted]
        return all(sum(word in self.lists.additions for word in one) == 1 for one in inside)


def is_clear(choice: Choice) -> bool:
    """Return whether the parts can't be meant otherwise than as alternatives."""
    words = [words_of(part.text) for part in choice.parts]
    if len(words) < 2 or not all(words) or len(set(map(tuple, words))) < 2:
        return False
    if choice.is_asked and (_is_pair(choice) or _is_negated(choice, words)):
        return True
    typed = [part for part in choice.parts if not part.is_quoted]
    words = [words_of(part.text) for part in typed]
    return (
        (choice.has_opener or not _is_set_phrase(choice))
        and all(
            _is_thing(choice, part.text, of_it) for part, of_it in zip(typed, words, strict=True)
        )
        and not _leaves_open(choice, words)
        and (choice.is_asked or not _are_clauses(choice.lists, words))
        and (len(words) < 2 or _are_alike(choice, words))
    )


def _is_pair(choice: Choice) -> bool:
    return " ".join(words_of(choice.text)) in choice.lists.idioms_unless_asked


def _is_negated(choice: Choice, words: Sequence[Words]) -> bool:
    """Return whether the second of two parts is the first with "not": `hot dog or not hot dog?`"""
    first, *others = words
    return (
        any(others == [[each, *first]] for each in choice.lists.negations)
        and not _is_set_phrase(choice)
        and are_things(choice.parts[:1])
    )


def _is_set_phrase(choice: Choice) -> bool:
    text = f" {' '.join(words_of(choice.text))} "
    idioms = choice.lists.idioms | choice.lists.idioms_unless_asked
    return any(f" {idiom} " in text for idiom in idioms)


def _is_thing(choice: Choice, text: str, words: Words) -> bool:
    """Return whether a part can be a thing: it is short, and no sentence."""
    lists = choice.lists
    is_rest = words == choice.rest
    is_led = words[0] in lists.determiners and not (is_rest and len(words) == 1)
    rest = words[1:] if is_led else words
    if is_led and len(rest) > 1 and rest[0] in lists.degrees:
        rest = rest[1:]  # a very fast car
    most = _MAX_WORDS_ASKED if choice.is_asked else _MAX_WORDS
    if not rest or len(rest) > most or is_foreign(text):
        return False
    is_letter = len(rest) == len(rest[0]) == 1 and rest[0].isalnum()
    if is_letter and choice.is_or and not choice.is_asked and not choice.is_series:
        return False
    foreign = lists.sentence_words
    if choice.is_asked or len(words) == 1:
        foreign -= lists.also_things
    if is_rest:
        foreign -= lists.rest_choices
    if choice.is_asked and choice.are_sums:
        foreign -= lists.additions
    return foreign.isdisjoint(rest) and (choice.is_asked or not _has_verb(choice, words))


def _has_verb(choice: Choice, words: Words) -> bool:
    """Return whether one of several words looks like a verb: `a man walking`, `the dog barks`."""
    lists = choice.lists
    if len(words) == 1:
        return False
    if any(is_participle(lists, word) for word in words):
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


def _leaves_open(choice: Choice, words: Sequence[Words]) -> bool:
    """Return whether the text asks for no choice: `two or three dogs`, `a cat or something`."""
    lists = choice.lists
    no_choice = lists.no_choice
    if words and words[-1] == choice.rest:
        no_choice -= lists.rest_choices
    are_single = all(len(one) == 1 for one in words)
    if (choice.is_asked and choice.is_or and are_single) or choice.is_series:
        # 1 or 2? before or after?
        return any(one[0] in no_choice - lists.numbers for one in words[1:])
    return (
        any(one[0] in no_choice for one in words[1:])
        or any(one[-1] in lists.prepositions for one in words)
        or len({sum(word in lists.prepositions for word in one) for one in words}) > 1
        or len({is_number(lists, one[-1]) for one in words}) > 1  # Madrid vs Barcelona 2024
        or any(
            is_number(lists, left[-1]) and is_number(lists, right[0])
            for left, right in pairwise(words)
        )
    )


def _are_alike(choice: Choice, words: Sequence[Words]) -> bool:
    """Return whether all parts are built alike, so that they share no word."""
    lists = choice.lists
    if len(words) > 1 and words[-1] == choice.rest:
        words = words[:-1]
    first, *others = words
    if not others:
        return True
    is_led = first[0] in lists.determiners
    others_are_led = {other[0] in lists.determiners for other in others}
    if len(others_are_led) > 1:
        return False
    if is_led and others_are_led == {True}:  # a dog or a cat; but: a stop or a yield sign
        lead = len(first) > 1 and all(one[0] in lists.articles for one in words)
        is_heavier = lead and all(len(first) >= len(other) for other in others)
        return (
            _are_equally_long(words)
            or (choice.is_likely and not _share_end(lists, words))
            or (_are_led(choice) and not any(is_participle(lists, one[-1]) for one in words))
            or (is_heavier and not any(says_how(lists, other[1:]) for other in others))
        )
    if is_led:  # a dog or cat?
        return choice.is_asked and len(first) == 2 and _are_plain(lists, [first[1:], *others])
    if others_are_led == {True}:  # dog or a cat?
        nouns = [first, *(other[1:] for other in others)]
        return choice.is_likely or _are_plain(lists, nouns)
    # dog or guinea pig? but not: red or blue car?
    if _are_equally_long(words):  # but: stuffed bear or dog toy, traje negro o azul oscuro
        shares = _share_head(lists, words) or _adds_how(lists, words)
        return choice.is_likely or len(first) == 1 or not shares
    return choice.is_likely and not (_share_beginning(choice, words) or _share_end(lists, words))


def _are_equally_long(words: Sequence[Words]) -> bool:
    return len(set(map(len, words))) == 1


def _are_plain(lists: WordLists, words: Sequence[Words]) -> bool:
    """Return whether each part is one word that says nothing about another one."""
    return all(
        len(one) == 1 and not is_modifier(lists, one[0]) and not is_participle(lists, one[0])
        for one in words
    )


def _share_beginning(choice: Choice, words: Sequence[Words]) -> bool:
    """Return whether the beginning of the first part belongs to later ones as well."""
    lists = choice.lists
    if says_how(lists, words[0]):
        return not choice.has_opener  # red or blue car; but: is it red or pale blue
    doing = [any(is_participle(lists, word) for word in one) for one in words]
    return doing[0] and not all(doing)  # wearing glasses or lenses


def _are_led(choice: Choice) -> bool:
    """Return whether an article says that each item before is complete: `a house, a bathroom`."""
    before = [words_of(item.text) for item in choice.before]
    return bool(before) and all(one[:1] and one[0] in choice.lists.articles for one in before)


def _share_head(lists: WordLists, words: Sequence[Words]) -> bool:
    """Return whether a noun at the end of a later part is shared: `cat or dog food`."""
    first, *others = words
    longer = [other[-1] for other in others if len(other) > 1]
    return first[-1] not in lists.shared_heads and not lists.shared_heads.isdisjoint(longer)


def _adds_how(lists: WordLists, words: Sequence[Words]) -> bool:
    first, *others = words
    return not says_how(lists, first) and any(says_how(lists, other) for other in others)


def _share_end(lists: WordLists, words: Sequence[Words]) -> bool:
    """Return whether the end of a later part belongs to the first one as well."""
    first, *others = words
    ends = [other[-1] for other in others]
    if _share_head(lists, words):
        return True
    if any(says_how(lists, other) for other in others):
        return True  # coche rojo o azul
    return first[-1] not in lists.modifiers and any(
        end in lists.modifiers or is_participle(lists, end) for end in ends
    )  # perro o gato negro, people walking or running

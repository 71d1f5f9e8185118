"""Lists with commas, as people say them: `a cat, a dog or a bird?`, `what is it, a cat or a dog?`

What is around the items of a list is taken off: the beginning of a question, `or` before the last
one, and the marks at the end.
"""

from collections.abc import Sequence

from inference.protocol.phrases import choices, openers
from inference.protocol.phrases.alternatives import (
    conjunction,
    split,
    split_alternatives,
    without_question_mark,
)
from inference.protocol.phrases.choices import Choice
from inference.protocol.phrases.language import WordLists, all_languages, languages
from inference.protocol.phrases.separators import Item
from inference.protocol.phrases.wording import (
    Words,
    are_things,
    is_modifier,
    is_participle,
    says_how,
    words_of,
)

# Words in an item that loses the full stop at the end of a list.
_MAX_WORDS = 6


def understood(items: Sequence[Item], *, by_lines: bool) -> list[Item]:
    """Return the items of a list, at least two, without what only joins or asks for them.

    Args:
        by_lines: each is on a line of its own, so that `or` joins none of them.
    """
    is_asked = _is_asked(items)
    if choice := _choice_beside(items):
        return choice
    if not items[0].is_quoted and openers.is_opener(items[0].text):
        items = items[1:] if len(items) > 2 else items
    found = None if by_lines else _with_last_split(items, is_asked=is_asked)
    return _without_beginning(found or items, is_asked=is_asked or bool(found))


def without_marks(items: Sequence[Item]) -> list[Item]:
    """Return the items without the marks of a question, and the last one without a full stop.

    A sentence keeps them: `what is it?`
    """
    asked = [not item.is_quoted and "?" in item.text[-1:] for item in items]
    if len(items) > 1 and all(asked) and not any(map(_has_conjunction, items[:-1])):
        return [_unasked(item) for item in items]
    if len(items) == 1:
        return [_without_full_stop(_unasked(items[0]), [])]
    first, *others, last = items
    opening = "¿" if not first.is_quoted and first.text.startswith("¿") else ""
    bare = _unasked(last) if asked[-1] or opening else _without_full_stop(last, [first, *others])
    if opening and are_things([first, bare]) and bare.text[-1:] != "?":
        first = Item(first.text.lstrip("¿ ") or first.text)
    return [first, *others, bare]


def _is_asked(items: Sequence[Item]) -> bool:
    first, last = items[0], items[-1]
    return (not last.is_quoted and last.text.endswith("?")) or (
        not first.is_quoted and first.text.startswith("¿")
    )


def _choice_beside(items: Sequence[Item]) -> list[Item] | None:
    """Return the alternatives in an item that has nothing to do but be asked for beside it.

    So are `what is it, a cat or a dog?` and `a cat or a dog, please`.
    """
    if len(items) != 2 or any(item.is_quoted for item in items):
        return None
    first, last = items
    if openers.is_opener(first.text) or openers.is_aside(first):
        return split_alternatives(last.text, is_asked=True)
    return split_alternatives(first.text) if openers.is_aside(last) else None


def _with_last_split(items: Sequence[Item], *, is_asked: bool) -> list[Item] | None:
    """Return the items with the last one split at `or`; None if it may be one label."""
    *others, last = items
    if not others or last.is_quoted or any(map(_has_conjunction, others)):
        return None
    others = _without_beginning(others, is_asked=True)
    if not are_things(others):
        return None
    body = without_question_mark(last.text)[0]
    for text in dict.fromkeys((openers.without_asides(body), body)):
        for lists in languages():
            parts = split(text, conjunction(lists))
            choice = Choice(text, parts, lists, is_asked=is_asked, is_or=True, before=others)
            if len(parts) > 1 and _is_one_list(choice) and choices.is_clear(choice):
                return [*items[:-1], *parts]
    return None


def _is_one_list(choice: Choice) -> bool:
    """Return whether the parts of the last item stand beside those before, and say nothing of them.

    Not so: `a cat, black or white`, `a plate with eggs, bacon or ham`, `a big, red or blue car`.
    """
    lists = choice.lists
    before = [words_of(item.text) for item in choice.before]
    parts = [words_of(part.text) for part in choice.parts]
    return (
        all([*before, *parts])
        and not _describe(choice, before, parts)
        and not _share_a_noun(lists, before, parts)
        and (choice.is_asked or not any(_continue(lists, one, parts) for one in before))
    )


def _describe(choice: Choice, before: Sequence[Words], parts: Sequence[Words]) -> bool:
    """Return whether the parts are said of what is before: `a man, sitting or standing`.

    Not so: `tall, short or fat`.
    """
    lists = choice.lists

    def describes(word: str) -> bool:
        return is_modifier(lists, word) or is_participle(lists, word)

    return all(describes(word) for one in parts for word in one) and not (
        all(len(one) == 1 for one in before)
        and (choice.is_asked or len(before) > 1 or describes(before[0][0]))
    )


def _share_a_noun(lists: WordLists, before: Sequence[Words], parts: Sequence[Words]) -> bool:
    """Return whether modifiers before belong to a noun of the parts: `small, big or huge dogs`."""
    first, last = parts[0], parts[-1]
    have_noun = (len(last) > 1 and not is_modifier(lists, last[-1])) or (
        len(first) > 1 and is_modifier(lists, first[0]) and not is_modifier(lists, first[-1])
    )
    are_led = first[0] in lists.determiners or last[0] in lists.determiners
    return have_noun and not are_led and any(says_how(lists, _unled(lists, one)) for one in before)


def _continue(lists: WordLists, one: Words, parts: Sequence[Words]) -> bool:
    """Return whether the parts go on with a sentence: `a woman reading a book, a map or a sign`."""
    places = [word for word in one if word in lists.prepositions]
    if places and lists.prepositions.isdisjoint(word for part in parts for word in part):
        are_led = all(part[0] in lists.determiners for part in parts)
        if not are_led or one[0] in lists.prepositions or not lists.noun_links.issuperset(places):
            return True
    does = any(is_participle(lists, word) for word in one)
    return does and len(one) > 1 and not any(is_participle(lists, part[0]) for part in parts)


def _unled(lists: WordLists, words: Words) -> Words:
    return words[1:] if len(words) > 1 and words[0] in lists.determiners else words


def _without_beginning(items: Sequence[Item], *, is_asked: bool) -> list[Item]:
    """Return the items without `is it` or `options:` before the first one.

    Without a sign of a question, these are known headings and openers of two words or more.
    """
    first, *others = items
    text = first.text.lstrip("¿ ")
    if first.is_quoted or not are_things(others):
        return list(items)
    asked = openers.without_asides(text)
    for lists in languages():
        for opener in openers.openers(lists, is_asked=is_asked):
            found = opener.pattern.match(asked) if is_asked or opener.is_long else None
            rest = Item(asked[found.end() :]) if found else None
            if rest and rest.text and are_things([rest]):
                return [rest, *(opener.without(item, lists) for item in others)]
    rest = Item(openers.without_heading(text, is_asked=is_asked))
    return [rest, *others] if rest.text and rest.text != text else list(items)


def _unasked(item: Item) -> Item:
    """Return an item without the marks of a question, unless it is a sentence."""
    if item.is_quoted or "://" in item.text or not ("?" in item.text or "¿" in item.text):
        return item
    body = without_question_mark(item.text)[0]
    is_thing = any(map(str.isalnum, body)) and are_things([Item(body)])
    return Item(body) if is_thing else item


def _without_full_stop(last: Item, others: Sequence[Item]) -> Item:
    """Return the last item of a list without the full stop after it: not `Dr.`, not `U.S.`"""
    body = last.text.rstrip(".… ")
    words = body.split()
    is_end = (
        not last.is_quoted
        and body != last.text
        and 0 < len(words) <= _MAX_WORDS
        and len(words[-1]) > 1
        and words[-1].isalpha()
        and words[-1].lower() not in all_languages().abbreviations
        and not any(item.text.endswith(".") for item in others)
        and are_things([last])
    )
    return Item(body) if is_end else last


def _has_conjunction(item: Item) -> bool:
    if item.is_quoted:
        return False
    return any(len(split(item.text, conjunction(lists))) > 1 for lists in languages())

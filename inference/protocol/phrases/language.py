"""The word lists of each language, from its file in this folder."""

import re
from functools import cache
from pathlib import Path

import msgspec

_FILES = Path(__file__).parent

Words = frozenset[str]


class WordLists(msgspec.Struct, frozen=True, eq=False, forbid_unknown_fields=True):
    """What one language's file holds, in lower case; the files explain each list."""

    conjunctions: Words
    additions: Words
    before_last: Words
    before_last_determiner: Words
    both: Words
    asides: Words
    headings: Words
    openers: Words
    question_openers: Words
    determiners: Words
    articles: Words
    degrees: Words
    prepositions: Words
    noun_links: Words
    sentence_words: Words
    also_things: Words
    verb_endings: Words
    last_verb_endings: Words
    not_verbs: Words
    modifiers: Words
    modifier_endings: Words
    not_modifiers: Words
    shared_heads: Words
    plurals: Words
    numbers: Words
    no_choice: Words
    rest_choices: Words
    negations: Words
    idioms: Words
    idioms_unless_asked: Words
    compounds: Words
    abbreviations: Words


@cache
def languages() -> tuple[WordLists, ...]:
    """Return the word lists of each language."""
    return tuple(
        msgspec.toml.decode(path.read_bytes(), type=WordLists)
        for path in sorted(_FILES.glob("*.toml"))
    )


@cache
def all_languages() -> WordLists:
    """Return one list of each kind, with the words of all languages."""
    names = WordLists.__struct_fields__
    joined = {name: Words().union(*(getattr(each, name) for each in languages())) for name in names}
    # "a" is a determiner in English and a preposition in Spanish.
    joined["prepositions"] -= joined["determiners"]
    return WordLists(**joined)


def any_of(phrases: Words) -> str:
    """Return a pattern for any of these phrases, the longest one that fits."""
    return "|".join(
        re.escape(each) for each in sorted(phrases, key=lambda each: (-len(each), each))
    )

"""Typing errors forgiven: which of a few words did a person mean?"""

import difflib
from collections.abc import Iterable

# How alike a word must be, from 0 to 1: `duell`, `Hnut` and `gues` are alike enough.
_CUTOFF = 0.7


def meant(typed: str, words: Iterable[str]) -> str | None:
    """Return the word that the first word of a text most likely means, if any."""
    first = (typed.split() or [""])[0][:40].casefold()
    known = {word.casefold(): word for word in words}
    found = difflib.get_close_matches(first, known, n=1, cutoff=_CUTOFF)
    return known[found[0]] if found else None

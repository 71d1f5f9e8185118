"""Typing errors forgiven: which of a few words did somebody mean?"""

import difflib
from collections.abc import Iterable


def meant(typed: str, words: Iterable[str]) -> str | None:
    """The word that was meant, if it can be told: `duell`, `Hnut` and `gues` can."""
    first = (typed.split() or [""])[0][:40].casefold()
    known = {word.casefold(): word for word in words}
    found = difflib.get_close_matches(first, known, n=1, cutoff=0.7)
    return known[found[0]] if found else None

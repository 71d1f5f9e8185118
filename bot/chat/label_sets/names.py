"""Names of label sets: what a name can be, and which ones a text refers to."""

import difflib
import re
import unicodedata
from collections.abc import Iterable

MAX_NAME = 32
# What `/labels` understands as something else.
RESERVED = frozenset({"save", "clear", "delete", "rename", "share", "group"})

# NFKC makes the fullwidth number sign of East Asian keyboards the usual one, too.
_REFERENCE = re.compile(r"[#＃](\S+)\s*")
# People end a caption with these; no name has them.
_PUNCTUATION = ".:!?"
_NEAR = 0.6  # difflib's own cutoff for close matches


def key_of(name: str) -> str | None:
    """Return the same key for names that differ only in case or width; None if it is not a name.

    A name has 1..32 letters, digits, `_` and `-` of any script, and begins with a letter or digit.
    """
    if len(name) > MAX_NAME:
        return None
    key = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    kinds = [unicodedata.category(character)[0] for character in key]
    is_name = (
        1 <= len(key) <= MAX_NAME
        and kinds[0] in "LN"
        and all(kind in "LNM" or c in "_-" for kind, c in zip(kinds, key, strict=True))
    )
    return key if is_name and key not in RESERVED else None


def references(label: str) -> tuple[list[str], str]:
    """Return the names with `#` that a label begins with, and what follows them.

    `#pets #food` → [pets, food] and nothing. A word after `#` that can't be a name ends them.
    """
    names: list[str] = []
    at = 0
    while found := _REFERENCE.match(label, at):
        name = found[1].rstrip(_PUNCTUATION)
        if key_of(name) is None:
            break
        names.append(name)
        at = found.end()
    return names, label[at:]


def near(name: str, known: Iterable[str]) -> list[str]:
    """Return up to three of the known names that look like this one, the nearest first."""
    by_key = {key_of(one) or one: one for one in known}
    close = difflib.get_close_matches(key_of(name) or name, list(by_key), n=3, cutoff=_NEAR)
    return [by_key[key] for key in close]

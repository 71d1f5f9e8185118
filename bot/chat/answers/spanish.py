"""Whether labels are in Spanish, which many models do not read.

A few words tell; no library does, because those take more memory than the rest of the bot.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from inference.protocol.models import is_multilingual

# The hint's name among those that a person was given; stored.
ENGLISH_ONLY = "english_only"

_WORD = re.compile(r"\w+")


class SpanishWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `spanish.toml` holds; the file explains each list."""

    telling: frozenset[str]
    in_spanish: frozenset[str]
    english: frozenset[str]


def is_spanish(labels: Sequence[str], language: str) -> bool:
    """Return whether at least half of the labels are Spanish for sure, and none is English.

    Args:
        language: what the bot speaks with the person.
    """
    words = _words()
    telling = words.telling | words.in_spanish if language == "es" else words.telling
    found = [frozenset(_WORD.findall(label.casefold())) for label in labels]
    if any(not words.english.isdisjoint(label) for label in found):
        return False
    count = sum(not telling.isdisjoint(label) for label in found)
    return 0 < len(found) <= 2 * count


def is_unread(labels: Sequence[str], language: str, model: str) -> bool:
    """Return whether labels are Spanish and the model is known to read English only."""
    return is_multilingual(model) is False and is_spanish(labels, language)


@cache
def _words() -> SpanishWords:
    path = Path(__file__).with_suffix(".toml")
    return msgspec.toml.decode(path.read_bytes(), type=SpanishWords)

"""Prompt templates: from a label to the texts that a model reads.

`a photo of {}` makes `a photo of cat` of `cat`. Template `auto` reads a bare noun in OpenAI's seven
best templates, whose features are averaged, and any other label as typed: `a photo of the large a
cat is asleep.` would be worse than the phrase itself.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from inference.protocol.labels import AUTO_TEMPLATE

PLACEHOLDER = "{}"

# The texts that stand for one label; the model uses the mean of their features.
Reading = tuple[str, ...]

_MAX_WORDS = 3
# The longest English noun in common use has 20 letters.
_MAX_LENGTH = 40  # characters
# Latin letters; a hyphen or an apostrophe only within a word. Other scripts don't go into English
# templates, and digits and other signs are no part of a noun.
_LETTERS = r"[a-zA-Z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u024F]+"
_PLAIN_WORDS = re.compile(rf"{_LETTERS}(?:['’-]{_LETTERS})*(?: {_LETTERS}(?:['’-]{_LETTERS})*)*")


@dataclass(frozen=True)
class _AutoTemplate:
    """What `templates.toml` says."""

    averaged: tuple[str, ...]
    of_phrases: frozenset[str]
    adjectives: frozenset[str]
    gerund_endings: tuple[str, ...]
    nouns_like_gerunds: frozenset[str]


@cache
def _auto() -> _AutoTemplate:
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    said: dict[str, Any] = tomllib.loads(text)
    phrases = ("determiners", "particles", "verbs", "depictions")
    return _AutoTemplate(
        averaged=tuple(said["averaged"]),
        of_phrases=frozenset(" ".join(said[kind] for kind in phrases).split()),
        adjectives=frozenset(said["adjectives"].split()),
        gerund_endings=tuple(said["gerund_endings"]),
        nouns_like_gerunds=frozenset(said["nouns_like_gerunds"].split()),
    )


def averaged_templates() -> tuple[str, ...]:
    """Return the templates whose features template `auto` averages."""
    return _auto().averaged


def is_bare_noun(label: str) -> bool:
    """Return whether a label names a thing in a few words, such as `sports car` or `taza de té`.

    Knows English and Spanish. In doubt the answer is no: a noun that is read as typed loses little.

    Args:
        label: as `labels.parse` returns it.
    """
    if len(label) > _MAX_LENGTH or not _PLAIN_WORDS.fullmatch(label):
        return False
    auto, words = _auto(), label.lower().split()
    if len(words) > _MAX_WORDS or not auto.of_phrases.isdisjoint(words):
        return False
    if auto.adjectives.issuperset(words):
        return False
    return not any(
        word.endswith(auto.gerund_endings) and word not in auto.nouns_like_gerunds for word in words
    )


def apply_template(template: str | None, label: str) -> str:
    """Return the text that the model reads: `a photo of {}` and `cat` → `a photo of cat`.

    Never uses `str.format`: templates come from strangers, and `{0.__class__}` would read
    attributes of objects.

    Raises:
        ValueError: the template does not hold exactly one `{}`.
    """
    if template is None:
        return label
    if template.count(PLACEHOLDER) != 1:
        raise ValueError(f"a template holds exactly one {PLACEHOLDER}, but got {template!r}")
    return template.replace(PLACEHOLDER, label)


def readings(labels: Sequence[str], template: str | None) -> list[Reading]:
    """Return the texts that stand for each label, in order.

    Args:
        template: holds one `{}`; None is the label as typed; `AUTO_TEMPLATE` chooses by label.

    Raises:
        ValueError: the template is neither of these.
    """
    if template != AUTO_TEMPLATE:
        return [(apply_template(template, label),) for label in labels]
    return [
        tuple(apply_template(one, label) for one in averaged_templates())
        if is_bare_noun(label)
        else (label,)
        for label in labels
    ]

"""The languages of the captions, and how this folder's word lists are read.

The lists are TOML files beside this one. Each table has one list of words for each language.
"""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any


class Language(StrEnum):
    """A language of the captions; its value is the key in the word lists."""

    ENGLISH = "en"
    SPANISH = "es"


Words = Mapping[Language, tuple[str, ...]]


def read(name: str) -> dict[str, Any]:
    """Return the word list of this name as tomllib reads it."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


def strings(values: object, where: str) -> tuple[str, ...]:
    """Return a list of strings as a tuple.

    Raises:
        ValueError: it is anything else; the sentence says where.
    """
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"{where} must be a list of strings, not {values!r}")
    return tuple(values)


def words(table: dict[str, Any], where: str) -> Words:
    """Return a table's words by language.

    Args:
        table: what `read` gives for it; keys that are not languages are ignored.
        where: names the table in errors.

    Raises:
        ValueError: a language is missing, or its value is not a list of strings.
    """
    return {language: strings(table.get(language), f"{where}.{language}") for language in Language}

"""The label sets that everybody has, `ready_made/<language>.toml`. en.toml explains the parts."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from bot.chat.label_sets.names import key_of
from bot.i18n.languages import SOURCE_LANGUAGE
from bot.storage import NamedLabels

READY_MADE_FILES = Path(__file__).parent / "ready_made"


class ReadyMadeSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One set in one language's file."""

    name: str
    phrases: tuple[str, ...]
    also: tuple[str, ...] = ()


def ready_made(language: str) -> Sequence[NamedLabels]:
    """Return all sets in a language; one that it lacks, in the source language.

    Each has as its tag the key that it has in every file.
    """
    return tuple(_in(language).values())


def find_ready_made(name: str, language: str) -> NamedLabels | None:
    """Return the set with this name in any language, as it is in the reader's language."""
    tag = _tags().get(key_of(name) or "")
    return None if tag is None else _in(language)[tag]


def ready_made_tagged(tag: str, language: str) -> NamedLabels | None:
    """Return the set with this tag."""
    return _in(language).get(tag)


@cache
def _in(language: str) -> dict[str, NamedLabels]:
    files = ready_made_files()
    source = files[SOURCE_LANGUAGE]
    found = {tag: files.get(language, source).get(tag, source[tag]) for tag in source}
    return {tag: NamedLabels(one.name, one.phrases, tag) for tag, one in found.items()}


@cache
def _tags() -> dict[str, str]:
    """Return the tag of the set with each name, by the name's key. The source's names win."""
    files = ready_made_files()
    languages = sorted(files, key=lambda code: code == SOURCE_LANGUAGE)
    return {
        key: tag
        for code in languages
        for tag, one in files[code].items()
        for name in (*one.also, one.name)
        if (key := key_of(name))
    }


@cache
def ready_made_files() -> dict[str, dict[str, ReadyMadeSet]]:
    """Return the sets of each language's file by their keys, by language code."""
    return {
        path.stem: msgspec.toml.decode(path.read_bytes(), type=dict[str, ReadyMadeSet])
        for path in sorted(READY_MADE_FILES.glob("*.toml"))
    }

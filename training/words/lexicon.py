"""The words of the drawn world, in English and Spanish, with the forms that agreement needs.

`load` reads them from lexicon.toml.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from training.words.language import Language, Words, read, strings, words

Form = TypeVar("Form")


@dataclass(frozen=True)
class Noun:
    """A noun with its plural; the gender matters in Spanish only."""

    singular: str
    plural: str
    feminine: bool = False

    def form(self, *, plural: bool) -> str:
        """Return the singular or the plural."""
        return self.plural if plural else self.singular


@dataclass(frozen=True)
class Adjective:
    """The forms of a Spanish adjective. All forms of an English one are equal."""

    masculine: str
    feminine: str
    masculine_plural: str
    feminine_plural: str

    def form(self, *, feminine: bool, plural: bool) -> str:
        """Return the form that agrees with a noun of this gender and number."""
        if plural:
            return self.feminine_plural if feminine else self.masculine_plural
        return self.feminine if feminine else self.masculine


# Synonyms by language; the first of each language is the usual one.
Nouns = Mapping[Language, tuple[Noun, ...]]
Adjectives = Mapping[Language, tuple[Adjective, ...]]


@dataclass(frozen=True)
class Lexicon:
    """Words for what a scene may hold, by the names that `training.drawing.scenes` uses."""

    shapes: dict[str, Nouns]
    any_shape: Nouns
    colours: dict[str, Adjectives]
    fills: dict[str, Adjectives]
    sizes: dict[str, Adjectives]
    places: dict[str, Words]
    relations: dict[str, Words]
    counts: Mapping[Language, tuple[tuple[str, ...], ...]]  # number words for 1, 2, 3 and 4
    effects: dict[str, Words]  # adjectives for what happened to a photo


@cache
def load() -> Lexicon:
    """Return the words of lexicon.toml, read once.

    Raises:
        ValueError: an entry of the file has an unknown form; the sentence says which one.
    """
    data = read("lexicon")

    def named_words(group: str) -> dict[str, Words]:
        return {name: words(table, f"{group}.{name}") for name, table in data[group].items()}

    def adjectives(group: str) -> dict[str, Adjectives]:
        return {
            name: _forms(table, f"{group}.{name}", _adjective)
            for name, table in data[group].items()
        }

    return Lexicon(
        shapes={
            name: _forms(table, f"shapes.{name}", _noun) for name, table in data["shapes"].items()
        },
        any_shape=_forms(data["any_shape"], "any_shape", _noun),
        colours=adjectives("colours"),
        fills=adjectives("fills"),
        sizes=adjectives("sizes"),
        places=named_words("places"),
        relations=named_words("relations"),
        counts={
            language: tuple(strings(count, "counts") for count in data["counts"][language])
            for language in Language
        },
        effects=named_words("effects"),
    )


def _forms(
    table: dict[str, Any], where: str, parse: Callable[[tuple[str, ...], str], Form]
) -> Mapping[Language, tuple[Form, ...]]:
    return {
        language: tuple(parse(strings(forms, where), where) for forms in table[language])
        for language in Language
    }


def _noun(forms: tuple[str, ...], where: str) -> Noun:
    match forms:
        case (singular, plural):
            return Noun(singular, plural)
        case (singular, plural, "f"):
            return Noun(singular, plural, feminine=True)
    raise ValueError(f'{where} must be [singular, plural] or [singular, plural, "f"], not {forms}')


def _adjective(forms: tuple[str, ...], where: str) -> Adjective:
    match forms:
        case (only,):
            return Adjective(only, only, only, only)
        case (singular, plural):
            return Adjective(singular, singular, plural, plural)
        case (masculine, feminine, masculine_plural, feminine_plural):
            return Adjective(masculine, feminine, masculine_plural, feminine_plural)
    raise ValueError(f"{where} must have one, two or four forms, not {forms}")

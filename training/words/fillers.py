"""Words that surround the noun of a phrase, and phrases that say nothing about a picture.

They are true of nearly any picture, so the model must learn that they decide nothing. `load` reads
them from fillers.toml, which says what each list is for.
"""

from dataclasses import dataclass, fields
from functools import cache

from training.words.language import Words, read, words


@dataclass(frozen=True)
class Fillers:
    """The word lists of fillers.toml. A word that stands twice is drawn twice as often."""

    determiners: Words  # before a noun in the singular
    quantifiers: Words  # before a noun in the plural
    adjectives: Words  # before an English noun, after a Spanish one
    openers: Words  # before a noun phrase
    tails: Words  # after a noun phrase
    noise: Words  # anywhere
    templates: Words  # "{}" is the noun phrase with its article
    neutral: Words  # phrases that are true of every picture
    empty: Words  # phrases that are true only of a ground with nothing on it
    colour_phrases: Words  # "{}" is a colour without a noun
    ground_phrases: Words  # "{}" is the colour of a ground with nothing on it
    on_ground: Words  # one pattern: a noun phrase, then the colour of the ground


@cache
def load() -> Fillers:
    """Return the lists, read once.

    Raises:
        ValueError: a list is missing or holds something other than strings.
    """
    data = read("fillers")
    return Fillers(
        **{field.name: words(data.get(field.name, {}), field.name) for field in fields(Fillers)}
    )

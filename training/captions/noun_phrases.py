"""Nouns in phrases and sentences, as people type them."""

import numpy as np

from training.words import fillers, spelling
from training.words.language import Language


def plural(noun: str, language: Language) -> str:
    """Return the noun with its usual plural ending; in Spanish its first word gets the ending."""
    if language is Language.ENGLISH:
        if noun.endswith(("s", "x", "ch", "sh")):
            return f"{noun}es"
        if noun.endswith("y") and noun[-2:-1] not in "aeiou":
            return f"{noun[:-1]}ies"
        return f"{noun}s"
    first, _, rest = noun.partition(" ")
    if first.endswith("z"):
        first = f"{first[:-1]}ces"
    elif first[-1:] in "aeiouáéó":
        first += "s"
    elif not first.endswith("s"):
        first += "es"
    return f"{first} {rest}".strip()


def decorate(
    noun: str,
    language: Language,
    rng: np.random.Generator,
    adjectives: tuple[str, ...] = (),
    common_words: tuple[str, ...] = (),
) -> str:
    """Put a noun into a phrase or a sentence; a fifth of the nouns without adjectives stay alone.

    Args:
        noun: what the phrase is about.
        language: of the words around it.
        rng: chooses them.
        adjectives: true of the picture; fillers may stand beside them.
        common_words: more fillers, beyond those of fillers.toml.
    """

    def one(options: tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))]

    def filler(usual: tuple[str, ...]) -> str:
        """Return a usual filler in half of the cases, else a common word or an invented one."""
        chance = rng.random()
        if chance < 0.5 or not common_words:
            return one(usual)
        return one(common_words) if chance < 0.85 else spelling.invented(common_words, rng)

    lists = fillers.load()
    chance = rng.random()
    if rng.random() < 0.15:
        noun = spelling.mistyped(noun, rng)
    if chance < 0.2 and not adjectives:
        return noun if chance > 0.05 else plural(noun, language)
    determiner = one(lists.determiners[language])
    described_by = list(adjectives)
    if rng.random() < 0.4:
        described_by += [filler(lists.adjectives[language]) for _ in range(_some(rng, 3))]
    if not described_by and rng.random() < 0.16:
        core = plural(noun, language)
        if rng.random() < 0.5:
            core = f"{one(lists.quantifiers[language])} {core}"
    elif language is Language.ENGLISH:
        core = " ".join((determiner, *described_by, noun))
    else:
        core = " ".join((determiner, noun, *described_by))
    if core.startswith("a ") and core[2] in "aeiou":
        core = f"an {core[2:]}"
    if chance < 0.45:
        return core
    if chance < 0.68:
        text = one(lists.templates[language]).format(core)
    elif chance < 0.85:
        text = f"{one(lists.openers[language])} {core}"
    else:
        words = [filler(lists.noise[language]) for _ in range(_some(rng, 6))]
        at = int(rng.integers(len(words) + 1))
        text = " ".join((*words[:at], core, *words[at:]))
    if rng.random() < 0.2:
        text = f"{text} {one(lists.tails[language])}"
    return text


def _some(rng: np.random.Generator, most: int) -> int:
    """Return a number from 1 to `most`; low ones come more often."""
    return 1 + int(most * rng.random() ** 2)

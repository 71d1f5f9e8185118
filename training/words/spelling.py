"""How people type words: without accents, with typing errors, or words that do not exist.

Capitals need no treatment: the tokenizer lowers them.
"""

import unicodedata

import numpy as np


def without_accents(text: str) -> str:
    """Return the text without accents: "un círculo" becomes "un circulo". The letter ñ stays."""
    kept = []
    for character in text:
        if character in "ñÑ":
            kept.append(character)
        else:
            parts = unicodedata.normalize("NFD", character)
            kept.append("".join(part for part in parts if not unicodedata.combining(part)))
    return "".join(kept)


def mistyped(text: str, rng: np.random.Generator) -> str:
    """Return the text with one typing error in a word of at least 4 letters.

    One letter is left out, doubled, replaced, or exchanged with the next one. A text without such
    a word stays as it is.
    """
    words = text.split(" ")
    long = [at for at, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
    if not long:
        return text
    at = long[int(rng.integers(len(long)))]
    word = words[at]
    spot = int(rng.integers(1, len(word) - 1))
    letter = "abcdefghijklmnopqrstuvwxyz"[int(rng.integers(26))]
    words[at] = (
        word[:spot] + word[spot + 1 :],
        word[:spot] + word[spot] + word[spot:],
        word[:spot] + letter + word[spot + 1 :],
        word[:spot] + word[spot + 1] + word[spot] + word[spot + 2 :],
    )[int(rng.integers(4))]
    return " ".join(words)


def as_typed(text: str, rng: np.random.Generator, errors: float) -> str:
    """Return the text as somebody may type it: mostly unchanged.

    Args:
        text: any.
        rng: chooses what happens to it.
        errors: probability of a typing error.
    """
    chance = rng.random() - errors
    if chance < 0:
        return mistyped(text, rng)
    if chance < 0.08:
        return without_accents(text)
    if chance < 0.11:
        return f"{text}."
    return text


def invented(words: tuple[str, ...], rng: np.random.Generator) -> str:
    """Return the first half of one word and the second half of another."""
    one, two = (words[int(rng.integers(len(words)))] for _ in range(2))
    return one[: len(one) // 2] + two[len(two) // 2 :]

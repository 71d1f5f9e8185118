"""What people do to words: accents left out, typing errors. (Capitals are lowered anyway.)"""

import unicodedata

import numpy as np


def without_accents(text: str) -> str:
    """As typed in a hurry: "un círculo" becomes "un circulo"; ñ stays."""
    kept = []
    for character in text:
        if character in "ñÑ":
            kept.append(character)
        else:
            parts = unicodedata.normalize("NFD", character)
            kept.append("".join(part for part in parts if not unicodedata.combining(part)))
    return "".join(kept)


def mistyped(text: str, rng: np.random.Generator) -> str:
    """One letter left out, doubled, replaced or exchanged with the next, in a word of 4 or more."""
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


def roughened(text: str, rng: np.random.Generator, errors: float) -> str:
    """The text as one of many people may type it; mostly as it is.

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


def coined(words: tuple[str, ...], rng: np.random.Generator) -> str:
    """The head of one word and the tail of another: mostly a word that nobody has met."""
    one, two = (words[int(rng.integers(len(words)))] for _ in range(2))
    return one[: len(one) // 2] + two[len(two) // 2 :]

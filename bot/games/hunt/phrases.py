"""The bot's own phrases: things that people can find and photograph, indoors or out.

English is what CLIP reads best, so it is asked in English whatever language the board speaks.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Phrase:
    """One thing in every language of the bot."""

    en: str
    es: str

    def spoken(self, language: str) -> str:
        """The phrase in a language of the bot; English for all others."""
        return self.es if language == "es" else self.en


PHRASES = tuple(
    Phrase(en, es)
    for en, es in (
        ("a red thing", "una cosa roja"),
        ("a blue thing", "una cosa azul"),
        ("a yellow thing", "una cosa amarilla"),
        ("a green thing", "una cosa verde"),
        ("something round", "algo redondo"),
        ("something striped", "algo a rayas"),
        ("something with dots", "algo con lunares"),
        ("something shiny", "algo brillante"),
        ("something transparent", "algo transparente"),
        ("something made of wood", "algo de madera"),
        ("a cup of coffee", "una taza de café"),
        ("a glass of water", "un vaso de agua"),
        ("a bottle", "una botella"),
        ("a plate of food", "un plato de comida"),
        ("a piece of bread", "un trozo de pan"),
        ("a banana", "un plátano"),
        ("an apple", "una manzana"),
        ("a lemon", "un limón"),
        ("a bowl of fruit", "un frutero"),
        ("something sweet to eat", "algo dulce de comer"),
        ("a spoon", "una cuchara"),
        ("a pair of scissors", "unas tijeras"),
        ("a key", "una llave"),
        ("a clock", "un reloj"),
        ("a lamp", "una lámpara"),
        ("a candle", "una vela"),
        ("a mirror", "un espejo"),
        ("a chair", "una silla"),
        ("a bed", "una cama"),
        ("a pillow", "una almohada"),
        ("a carpet", "una alfombra"),
        ("a door", "una puerta"),
        ("a window", "una ventana"),
        ("stairs", "unas escaleras"),
        ("a pile of books", "una pila de libros"),
        ("a newspaper", "un periódico"),
        ("handwriting on paper", "algo escrito a mano"),
        ("a pencil", "un lápiz"),
        ("a keyboard", "un teclado"),
        ("a phone", "un teléfono"),
        ("a pair of headphones", "unos auriculares"),
        ("a musical instrument", "un instrumento musical"),
        ("a toy", "un juguete"),
        ("a ball", "una pelota"),
        ("a teddy bear", "un osito de peluche"),
        ("a pair of shoes", "un par de zapatos"),
        ("a sock", "un calcetín"),
        ("a hat", "un sombrero"),
        ("a backpack", "una mochila"),
        ("an umbrella", "un paraguas"),
        ("a pair of glasses", "unas gafas"),
        ("a hand", "una mano"),
        ("a shadow", "una sombra"),
        ("a potted plant", "una planta en una maceta"),
        ("a flower", "una flor"),
        ("a tree", "un árbol"),
        ("a leaf", "una hoja"),
        ("grass", "hierba"),
        ("a stone", "una piedra"),
        ("a cloudy sky", "un cielo nublado"),
        ("a puddle", "un charco"),
        ("a dog", "un perro"),
        ("a cat", "un gato"),
        ("a bird", "un pájaro"),
        ("a bicycle", "una bicicleta"),
        ("a parked car", "un coche aparcado"),
        ("a street sign", "una señal de tráfico"),
        ("a street at night", "una calle de noche"),
        ("a tall building", "un edificio alto"),
        ("a park bench", "un banco del parque"),
        ("a shopping bag", "una bolsa de la compra"),
        ("a rubbish bin", "un cubo de basura"),
    )
)


# Words that say nothing about what a thing is.
_GENERAL = frozenset(
    {
        *("a", "an", "the", "of", "on", "in", "at", "to", "with", "some", "something", "thing"),
        *("things", "pair", "piece", "made", "eat", "un", "una", "unos", "unas", "el", "la"),
        *("los", "las", "de", "del", "en", "con", "al", "para", "por", "algo", "cosa", "cosas"),
        *("par", "trozo", "comer"),
    }
)


def some(
    count: int, sample: Callable[[Sequence[Phrase], int], list[Phrase]], *, but: str = ""
) -> tuple[Phrase, ...]:
    """So many different phrases of the bot's own.

    Args:
        sample: draws them, as `random.sample` does.
        but: what must not be among them, nor anything that has a word in common with it.
    """
    unwanted = _words(but)
    pool = [p for p in PHRASES if not unwanted & (_words(p.en) | _words(p.es))]
    return tuple(sample(pool, count))


def _words(phrase: str) -> set[str]:
    """The words that say what it is: `a red thing` and `a red car` have one in common."""
    words = set(re.findall(r"\w+", phrase.casefold())) - _GENERAL
    return {_stem(word) for word in words}


def _stem(word: str) -> str:
    """Equal for one and many of a thing, in English and Spanish, and for little else."""
    for ending in ("es", "s", "e"):  # dish and dishes, flor and flores; cake and cakes
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word

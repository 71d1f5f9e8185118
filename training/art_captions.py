"""Phrases about artwork: a name, a keyword or a kind, dressed as people dress their words."""

from typing import Final

import numpy as np
import numpy.typing as npt

from training import lexicon
from training.captions import FITS, UNSURE, WRONG, Phrase
from training.concepts import Concept, Meanings
from training.lexicon import Language

_DETERMINERS: Final = {
    Language.ENGLISH: ("a", "a", "a", "the", "my", "one", "this", "your", "some", "his", "our"),
    Language.SPANISH: ("un", "un", "una", "el", "la", "mi", "este", "esta", "tu", "su", "nuestro"),
}
_SEVERAL: Final = {
    Language.ENGLISH: ("some", "many", "the", "two", "lots of"),
    Language.SPANISH: ("unos", "muchas", "los", "dos", "varias"),
}
# True of nearly anything, so that what follows them decides.
_ADJECTIVES: Final = {
    Language.ENGLISH: (
        "big", "small", "little", "cute", "nice", "beautiful", "pretty", "lovely", "old", "new",
        "funny", "huge", "tiny", "great", "good", "bad", "colourful", "colorful", "simple", "real",
        "fake", "plastic", "metal", "golden", "shiny", "fancy", "cheap", "favourite", "favorite",
        "weird", "strange", "cool", "amazing", "awesome", "perfect", "single", "typical", "fresh",
        "fast", "slow", "blurry", "clean", "dirty", "soft", "modern", "classic", "round", "famous",
        "expensive", "giant", "red", "blue", "green", "yellow", "black", "white", "brown", "paper",
        "digital", "painted", "young", "happy", "sad", "ugly", "lonely", "wild", "clear",
    ),
    Language.SPANISH: (
        "grande", "pequeño", "bonito", "bonita", "lindo", "linda", "viejo", "vieja", "nuevo",
        "nueva", "gracioso", "enorme", "gigante", "bueno", "buena", "simple", "real", "falso",
        "brillante", "raro", "rara", "genial", "favorito", "favorita", "perfecto", "típico",
        "fresco", "rápido", "rápida", "lento", "borroso", "borrosa", "limpio", "sucio", "moderno",
        "clásico", "famoso", "barato", "hermoso", "hermosa", "increíble", "rojo", "azul", "verde",
        "amarillo", "negro", "blanco", "de plástico", "de metal", "de papel", "de juguete",
        "muy bonito", "muy grande", "feliz", "triste", "feo", "salvaje", "maravilloso",
    ),
}  # fmt: skip
_OPENERS: Final = {
    Language.ENGLISH: (
        "look at", "this is", "that's", "it's", "there is", "I like", "I have", "I saw", "I love",
        "I bought", "I found", "I think this is", "can you see", "you see", "behold", "we found",
        "do you like", "check out", "this must be", "probably", "maybe", "definitely", "just",
        "a cropped photo of", "a low resolution photo of", "a bright picture of", "a snapshot of",
        "a dark photo of", "a pixelated photo of", "art of", "an emoji of", "an emoji for",
        "a symbol of", "a logo of", "a doodle of", "a cartoon", "a toy", "a plush", "a tattoo of",
        "today I saw", "guess what", "an example of", "the image shows", "the photo shows",
        "shown is", "this picture contains", "featuring", "a selfie with", "a close up of",
        "my friend drew", "she has", "he wants", "they brought", "where is", "who has", "for sale",
    ),
    Language.SPANISH: (
        "mira", "esto es", "es", "hay", "me gusta", "tengo", "vi", "me encanta", "compré",
        "encontré", "creo que es", "puedes ver", "se ve", "aquí está", "quizás", "seguramente",
        "una foto recortada de", "una foto borrosa de", "una foto oscura de", "un emoji de",
        "un símbolo de", "un logo de", "un garabato de", "un juguete", "un peluche de", "hoy vi",
        "un ejemplo de", "la imagen muestra", "la foto muestra", "una captura de", "dónde está",
        "quién tiene", "mi amigo dibujó", "ella tiene", "él quiere", "te muestro", "hicimos",
    ),
}  # fmt: skip
_TAILS: Final = {
    Language.ENGLISH: (
        "in the picture", "on a table", "in my room", "at home", "outside", "in the park", "photo",
        "picture", "emoji", "icon", "drawing", "sticker", "for you", "today", "please", "again",
        "on a background", "on the wall", "in the centre", "close up", "clipart", "image", "art",
        "in the garden", "of mine", "from above", "over there", "with friends", "!", "?", "...",
    ),
    Language.SPANISH: (
        "en la imagen", "en la mesa", "en mi casa", "en el parque", "emoji", "icono", "dibujo",
        "para ti", "hoy", "por favor", "otra vez", "en la pared", "en el centro", "de cerca",
        "en el jardín", "desde arriba", "con amigos", "en la foto", "por aquí", "!", "?", "...",
    ),
}  # fmt: skip


def plural(noun: str, language: Language) -> str:
    """The noun with its usual plural ending; in Spanish the first word is the noun."""
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


def dressed(noun: str, language: Language, rng: np.random.Generator) -> str:
    """A noun in a phrase or a sentence; alone in a fifth of the cases."""

    def one(options: tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))]

    chance = rng.random()
    if chance < 0.2:
        return noun if chance > 0.03 else plural(noun, language)
    determiner = one(_DETERMINERS[language])
    if determiner == "a" and noun[:1] in "aeiou":
        determiner = "an"
    core = f"{determiner} {noun}"
    if rng.random() < 0.08:
        core = plural(noun, language)
        if rng.random() < 0.5:
            core = f"{one(_SEVERAL[language])} {core}"
    elif rng.random() < 0.22:
        adjectives = [one(_ADJECTIVES[language]) for _ in range(1 + int(rng.random() < 0.3))]
        if language is Language.ENGLISH:
            core = " ".join((determiner, *adjectives, noun))
            core = f"a{core[2:]}" if core.startswith("an ") else core
        else:
            core = " ".join((determiner, noun, *adjectives))
    if chance < 0.45:
        return core
    if chance < 0.8:
        text = one(lexicon.TEMPLATES[language]).format(core)
    else:
        text = f"{one(_OPENERS[language])} {core if rng.random() < 0.8 else noun}"
    if rng.random() < 0.18:
        text = f"{text} {one(_TAILS[language])}"
    return text


class ArtCaptions:
    """Chooses phrases for concepts, and knows which concept they fit."""

    def __init__(self, concepts: list[Concept], meanings: Meanings) -> None:
        self._meanings = meanings
        self._matrix = meanings.matrix()
        sources = np.array(meanings.sources)
        self._own: list[dict[tuple[str, Language], npt.NDArray[np.int64]]] = []
        speaks = {
            language: np.array([language in texts for texts in meanings.texts])
            for language in Language
        }
        for index in range(len(concepts)):
            fitting = self._matrix[:, index] == FITS
            self._own.append(
                {
                    (source, language): np.flatnonzero(
                        fitting & (sources == source) & speaks[language]
                    )
                    for source in ("keyword", "kind")
                    for language in Language
                }
            )
        self._is_shape = np.array([concept.is_shape for concept in concepts])
        outdoors = {"sky-weather", "place-geographic"}
        self._is_scenery = np.array([concept.subgroup in outdoors for concept in concepts])
        fits = self._matrix == FITS
        self._of_shapes = fits[:, self._is_shape].any(axis=1)
        self._of_scenery = fits[:, self._is_scenery].any(axis=1)

    def phrase(
        self, concept: int, language: Language, rng: np.random.Generator, *, name: float = 0.6
    ) -> Phrase:
        """A phrase that fits a concept; with probability `name` by its name."""
        chance = rng.random()
        row = concept
        if chance > name:
            source = "keyword" if chance < name + 0.75 * (1 - name) else "kind"
            rows = self._own[concept][source, language]
            if len(rows):
                row = int(rows[int(rng.integers(len(rows)))])
        texts = self._meanings.texts[row][language]
        noun = texts[int(rng.integers(len(texts)))]
        return Phrase(dressed(noun, language, rng), "art", concept=row)

    def judge(
        self,
        fits: npt.NDArray[np.int8],
        concepts: npt.NDArray[np.int64],
        groups: npt.NDArray[np.int64],
        phrases: list[Phrase],
    ) -> None:
        """Fill in what `captions.fits` leaves open: artwork, and phrases about it.

        Args:
            fits: int8 [B, T], changed in place.
            concepts: [B], -1 where the picture is no artwork.
            groups: [B], 0 where the picture is an empty ground.
            phrases: T of them.
        """
        rows = np.array([phrase.concept for phrase in phrases])
        kinds = np.array([phrase.kind for phrase in phrases])
        art, about_art = concepts >= 0, rows >= 0
        fits[np.ix_(art, about_art)] = self._matrix[rows[about_art]][:, concepts[art]].T
        of_shapes = self._of_shapes[rows[about_art]]
        of_scenery = self._of_scenery[rows[about_art]]
        fits[np.ix_(~art, about_art)] = np.where(of_shapes, UNSURE, WRONG)
        empty = ~art & (groups == 0)
        fits[np.ix_(empty, about_art)] = np.where(of_scenery, UNSURE, WRONG)
        fits[np.ix_(art, kinds == "empty")] = WRONG
        is_shape = np.where(self._is_shape[concepts[art]], UNSURE, WRONG)
        fits[np.ix_(art, kinds == "shape")] = is_shape[:, None]

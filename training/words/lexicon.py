"""The words of the drawn world, in English and Spanish, with the forms that agreement needs."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """Languages of the captions."""

    ENGLISH = "en"
    SPANISH = "es"


@dataclass(frozen=True)
class Noun:
    """A noun with its plural; the gender matters in Spanish only."""

    singular: str
    plural: str
    feminine: bool = False

    def form(self, *, plural: bool) -> str:
        """Singular or plural."""
        return self.plural if plural else self.singular


@dataclass(frozen=True)
class Adjective:
    """The forms a Spanish adjective may take; English ones are all alike."""

    masculine: str
    feminine: str
    masculine_plural: str
    feminine_plural: str

    def form(self, *, feminine: bool, plural: bool) -> str:
        """The form that agrees with a noun of this gender and number."""
        if plural:
            return self.feminine_plural if feminine else self.masculine_plural
        return self.feminine if feminine else self.masculine


def _same(word: str) -> Adjective:
    return Adjective(word, word, word, word)


def _o(stem: str) -> Adjective:
    return Adjective(f"{stem}o", f"{stem}a", f"{stem}os", f"{stem}as")


def _plural(singular: str, plural: str) -> Adjective:
    return Adjective(singular, singular, plural, plural)


def _english(*words: str) -> tuple[Adjective, ...]:
    return tuple(_same(word) for word in words)


def _nouns(*words: str) -> tuple[Noun, ...]:
    return tuple(Noun(word, f"{word}s") for word in words)


@dataclass(frozen=True)
class NounWords:
    """Synonyms of one kind of thing; the first of each language is the usual one."""

    en: tuple[Noun, ...]
    es: tuple[Noun, ...]

    def of(self, language: Language) -> tuple[Noun, ...]:
        """The synonyms in this language."""
        return self.en if language is Language.ENGLISH else self.es


@dataclass(frozen=True)
class AdjectiveWords:
    """Synonyms of one property; the first of each language is the usual one."""

    en: tuple[Adjective, ...]
    es: tuple[Adjective, ...]

    def of(self, language: Language) -> tuple[Adjective, ...]:
        """The synonyms in this language."""
        return self.en if language is Language.ENGLISH else self.es


SHAPES: dict[str, NounWords] = {
    "circle": NounWords(
        (*_nouns("circle", "disc", "round shape"), Noun("dot", "dots")),
        (Noun("círculo", "círculos"), Noun("disco", "discos"), Noun("punto", "puntos")),
    ),
    "square": NounWords(_nouns("square"), (Noun("cuadrado", "cuadrados"),)),
    "triangle": NounWords(_nouns("triangle"), (Noun("triángulo", "triángulos"),)),
    "rectangle": NounWords(_nouns("rectangle", "box"), (Noun("rectángulo", "rectángulos"),)),
    "oval": NounWords(
        _nouns("oval", "ellipse"), (Noun("óvalo", "óvalos"), Noun("elipse", "elipses", True))
    ),
    "diamond": NounWords(
        (*_nouns("diamond", "diamond shape"), Noun("rhombus", "rhombuses")),
        (Noun("rombo", "rombos"), Noun("diamante", "diamantes")),
    ),
    "star": NounWords(_nouns("star", "five-pointed star"), (Noun("estrella", "estrellas", True),)),
    "heart": NounWords(_nouns("heart", "love heart"), (Noun("corazón", "corazones"),)),
    "pentagon": NounWords(_nouns("pentagon"), (Noun("pentágono", "pentágonos"),)),
    "hexagon": NounWords(_nouns("hexagon"), (Noun("hexágono", "hexágonos"),)),
    "octagon": NounWords(_nouns("octagon"), (Noun("octágono", "octágonos"),)),
    "cross": NounWords(
        (Noun("cross", "crosses"), *_nouns("plus sign", "plus")),
        (Noun("cruz", "cruces", True), Noun("signo más", "signos más")),
    ),
    "arrow": NounWords(_nouns("arrow"), (Noun("flecha", "flechas", True),)),
    "crescent": NounWords(
        _nouns("crescent", "crescent moon", "moon"),
        (
            Noun("media luna", "medias lunas", True),
            Noun("luna", "lunas", True),
            Noun("luna creciente", "lunas crecientes", True),
        ),
    ),
    "ring": NounWords(_nouns("ring"), (Noun("anillo", "anillos"), Noun("aro", "aros"))),
    "semicircle": NounWords(
        _nouns("semicircle", "half circle"),
        (Noun("semicírculo", "semicírculos"), Noun("medio círculo", "medios círculos")),
    ),
    "trapezoid": NounWords(_nouns("trapezoid"), (Noun("trapecio", "trapecios"),)),
    "parallelogram": NounWords(_nouns("parallelogram"), (Noun("paralelogramo", "paralelogramos"),)),
}

# A phrase may speak of any shape at all.
ANY_SHAPE = NounWords(
    _nouns("shape", "figure"),
    (Noun("figura", "figuras", True), Noun("forma", "formas", True)),
)

COLOURS: dict[str, AdjectiveWords] = {
    "red": AdjectiveWords(_english("red"), (_o("roj"),)),
    "orange": AdjectiveWords(
        _english("orange"), (_plural("naranja", "naranjas"), _same("naranja"), _o("anaranjad"))
    ),
    "yellow": AdjectiveWords(_english("yellow"), (_o("amarill"),)),
    "green": AdjectiveWords(_english("green"), (_plural("verde", "verdes"),)),
    "cyan": AdjectiveWords(
        _english("turquoise", "cyan", "teal"), (_plural("turquesa", "turquesas"), _same("cian"))
    ),
    "blue": AdjectiveWords(_english("blue"), (_plural("azul", "azules"),)),
    "purple": AdjectiveWords(
        _english("purple", "violet"),
        (_o("morad"), _plural("violeta", "violetas"), _plural("púrpura", "púrpuras")),
    ),
    "pink": AdjectiveWords(_english("pink"), (_plural("rosa", "rosas"), _o("rosad"))),
    "brown": AdjectiveWords(
        _english("brown"), (_plural("marrón", "marrones"), _plural("café", "cafés"))
    ),
    "black": AdjectiveWords(_english("black"), (_o("negr"),)),
    "white": AdjectiveWords(_english("white"), (_o("blanc"),)),
    "grey": AdjectiveWords(_english("grey", "gray"), (_plural("gris", "grises"),)),
}

FILLS: dict[str, AdjectiveWords] = {
    "solid": AdjectiveWords(_english("solid", "filled"), (_o("rellen"), _o("sólid"))),
    "outline": AdjectiveWords(_english("outlined", "hollow", "unfilled"), (_o("vací"), _o("huec"))),
    "striped": AdjectiveWords(_english("striped", "stripy"), (_o("rayad"), _same("a rayas"))),
    "dotted": AdjectiveWords(
        _english("spotted", "polka-dot"), (_o("motead"), _same("con lunares"))
    ),
    "gradient": AdjectiveWords(_english("shaded"), (_o("sombread"),)),
}

SIZES: dict[str, AdjectiveWords] = {
    "small": AdjectiveWords(
        _english("small", "little", "tiny"),
        (_o("pequeñ"), _o("diminut"), _o("chic")),
    ),
    "medium": AdjectiveWords(_english("medium-sized"), (_o("median"),)),
    "large": AdjectiveWords(
        _english("big", "large", "huge"),
        (_plural("grande", "grandes"), _plural("enorme", "enormes")),
    ),
}

# Where in the picture: names of `shapes.PLACES`.
PLACES: dict[str, dict[Language, tuple[str, ...]]] = {
    "centre": {
        Language.ENGLISH: ("in the middle", "in the centre", "in the center"),
        Language.SPANISH: ("en el centro", "en el medio"),
    },
    "left": {
        Language.ENGLISH: ("on the left", "at the left", "on the left side"),
        Language.SPANISH: ("a la izquierda", "en el lado izquierdo"),
    },
    "right": {
        Language.ENGLISH: ("on the right", "at the right", "on the right side"),
        Language.SPANISH: ("a la derecha", "en el lado derecho"),
    },
    "top": {
        Language.ENGLISH: ("at the top", "near the top", "on top"),
        Language.SPANISH: ("arriba", "en la parte de arriba"),
    },
    "bottom": {
        Language.ENGLISH: ("at the bottom", "near the bottom"),
        Language.SPANISH: ("abajo", "en la parte de abajo"),
    },
}

COUNTS: dict[Language, tuple[tuple[str, ...], ...]] = {
    Language.ENGLISH: (("a", "one"), ("two", "2"), ("three", "3"), ("four", "4")),
    Language.SPANISH: (("un", "una"), ("dos", "2"), ("tres", "3"), ("cuatro", "4")),
}

# "A, relation, B": the first is where the relation says, seen from the second.
RELATIONS: dict[str, dict[Language, tuple[str, ...]]] = {
    "and": {
        Language.ENGLISH: ("and", "with", "next to", "and also", "&"),
        Language.SPANISH: ("y", "con", "junto a", "al lado de"),
    },
    "left": {
        Language.ENGLISH: ("left of", "to the left of", "on the left of"),
        Language.SPANISH: ("a la izquierda de",),
    },
    "right": {
        Language.ENGLISH: ("right of", "to the right of", "on the right of"),
        Language.SPANISH: ("a la derecha de",),
    },
    "above": {
        Language.ENGLISH: ("above", "over", "on top of"),
        Language.SPANISH: ("encima de", "sobre", "arriba de"),
    },
    "below": {
        Language.ENGLISH: ("below", "under", "beneath"),
        Language.SPANISH: ("debajo de", "bajo", "abajo de"),
    },
}

GROUND_NOUNS: dict[Language, tuple[str, ...]] = {
    Language.ENGLISH: ("background", "ground"),
    Language.SPANISH: ("fondo",),
}

# True of every picture, and so of none in particular: they win only where no better phrase fits.
# `inference/model/engine.py` compares a single label with phrases of this kind.
NEUTRAL: dict[Language, tuple[str, ...]] = {
    Language.ENGLISH: (
        "a photo", "a picture", "an image", "a photo of something", "a picture of something",
        "an image of something", "something", "something else", "an object", "a thing",
        "a background", "anything", "some picture", "another thing", "other", "none of these",
        "none of the above", "a photo of something else", "a picture of something else",
        "a photo of an object", "stuff", "a random picture", "a random object", "an unknown object",
        "miscellaneous", "a photograph", "a drawing", "a picture of an object",
    ),
    Language.SPANISH: (
        "una foto", "una imagen", "una foto de algo", "una imagen de algo", "algo", "otra cosa",
        "un objeto", "una cosa", "un fondo", "cualquier cosa", "alguna imagen", "otro",
        "ninguna de estas", "ninguno de los anteriores", "una foto de otra cosa",
        "una foto de un objeto", "un dibujo", "una fotografía", "un objeto desconocido",
        "una imagen de un objeto", "una imagen cualquiera", "otros",
    ),
}  # fmt: skip

# True of a ground with nothing on it, and false of every other picture.
EMPTY: dict[Language, tuple[str, ...]] = {
    Language.ENGLISH: (
        "nothing", "an empty picture", "a blank picture", "an empty background", "a blank page",
        "a plain background", "just a background", "a picture of nothing", "no object",
        "an empty image", "only a background", "a texture", "a pattern", "no shapes",
        "a photo of nothing", "empty", "blank",
    ),
    Language.SPANISH: (
        "nada", "una imagen vacía", "una página en blanco", "un fondo vacío", "un fondo liso",
        "solo un fondo", "una foto de nada", "ningún objeto", "una textura", "un patrón",
        "ninguna figura", "una foto vacía", "vacío", "en blanco",
    ),
}  # fmt: skip

# Around a noun phrase; "{}" is the phrase with its article.
TEMPLATES: dict[Language, tuple[str, ...]] = {
    Language.ENGLISH: (
        "a photo of {}", "a picture of {}", "an image of {}", "a drawing of {}", "a photo of {}",
        "a photograph of {}", "a sketch of {}", "an illustration of {}", "this is {}", "it is {}",
        "there is {}", "here is {}", "a painting of {}", "clip art of {}", "a sticker of {}",
        "picture of {}", "photo of {}", "drawing of {}", "a close-up of {}", "a bad photo of {}",
        "a good photo of {}", "look at {}", "I see {}", "we can see {}", "{} in a picture",
        "a screenshot of {}", "an icon of {}", "a cartoon of {}", "a render of {}",
    ),
    Language.SPANISH: (
        "una foto de {}", "una imagen de {}", "un dibujo de {}", "una fotografía de {}",
        "una ilustración de {}", "esto es {}", "es {}", "hay {}", "aquí hay {}", "foto de {}",
        "imagen de {}", "dibujo de {}", "una pegatina de {}", "un boceto de {}", "veo {}",
        "se ve {}", "un icono de {}", "una pintura de {}", "una mala foto de {}", "mira {}",
    ),
}  # fmt: skip

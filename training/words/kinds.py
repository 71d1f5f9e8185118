"""Kinds of things ("animal", "food", "vehicle") and the emoji subgroups that belong to them."""

# ruff: noqa: E501  (a table, one kind a line)

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kind:
    """A hypernym."""

    english: tuple[str, ...]
    spanish: tuple[str, ...]
    subgroups: frozenset[str]
    unsure: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()  # whatever has one of these as name or keyword: unsure


def _kind(english: str, spanish: str, subgroups: str, unsure: str = "") -> Kind:
    names = tuple(english.split(", "))
    words = frozenset(word for name in names for word in name.split())
    return Kind(
        names,
        tuple(spanish.split(", ")),
        frozenset(subgroups.split()),
        frozenset(unsure.split()),
        words,
    )


_ANIMALS = "animal-mammal animal-bird animal-amphibian animal-reptile animal-marine animal-bug"
_FACES = (
    "face-smiling face-affection face-tongue face-hand face-neutral-skeptical face-sleepy "
    "face-unwell face-hat face-glasses face-concerned face-negative"
)
_PEOPLE = "person person-gesture person-role person-activity person-sport person-resting"
_FOOD = "food-fruit food-vegetable food-prepared food-asian food-sweet"

KINDS: Final = (
    _kind("animal, creature, wild animal", "animal, bicho", _ANIMALS, "cat-face monkey-face face-costume person-fantasy food-marine"),
    _kind("mammal", "mamífero", "animal-mammal", "cat-face monkey-face"),
    _kind("bird", "pájaro, ave", "animal-bird"),
    _kind("reptile", "reptil", "animal-reptile", "animal-amphibian"),
    _kind("sea animal, sea creature, marine animal", "animal marino, animal del mar", "animal-marine", "food-marine animal-mammal animal-bird"),
    _kind("insect, bug", "insecto, bicho", "animal-bug"),
    _kind("plant", "planta", "plant-flower plant-other", "food-fruit food-vegetable"),
    _kind("flower", "flor", "plant-flower", "plant-other"),
    _kind("food, something to eat, meal", "comida, algo de comer, alimento", _FOOD + " food-marine", "drink animal-marine"),
    _kind("fruit", "fruta", "food-fruit", "food-vegetable"),
    _kind("vegetable", "verdura, hortaliza", "food-vegetable", "food-fruit"),
    _kind("dessert, sweet, candy", "postre, dulce", "food-sweet", "food-fruit"),
    _kind("drink, beverage", "bebida", "drink"),
    _kind("seafood", "marisco", "food-marine", "animal-marine food-asian"),
    _kind("vehicle", "vehículo, medio de transporte", "transport-ground transport-water transport-air"),
    _kind("land vehicle", "vehículo terrestre", "transport-ground"),
    _kind("boat, ship", "barco, embarcación", "transport-water"),
    _kind("aircraft", "aeronave", "transport-air"),
    _kind("building", "edificio", "place-building place-religious", "place-other place-geographic"),
    _kind("place, scenery, landscape", "lugar, paisaje", "place-geographic place-building place-religious place-other", "sky-weather place-map hotel"),
    _kind("weather, sky", "clima, tiempo, cielo", "sky-weather"),
    _kind("clock, time", "reloj, hora", "time"),
    _kind("sport, sports equipment", "deporte", "sport", "person-sport award-medal game"),
    _kind("game, toy", "juego, juguete", "game", "sport event"),
    _kind("clothes, clothing, garment", "ropa, prenda", "clothing"),
    _kind("musical instrument", "instrumento musical", "musical-instrument", "music sound"),
    _kind("music", "música", "musical-instrument music", "sound"),
    _kind("tool", "herramienta", "tool", "household science writing office"),
    _kind("book, paper", "libro, papel", "book-paper", "writing office mail"),
    _kind("money", "dinero", "money", "currency"),
    _kind("electronics, gadget, device", "aparato electrónico, dispositivo", "phone computer light-video", "sound tool science"),
    _kind("office supplies", "material de oficina", "office writing", "book-paper mail"),
    _kind("household item", "objeto de casa", "household", "other-object dishware tool"),
    _kind("medicine", "medicina", "medical", "science face-unwell"),
    _kind("face, smiley, emoticon", "cara, emoticono, carita", _FACES, "face-costume cat-face monkey-face emotion animal-mammal sky-weather animal-bird animal-reptile animal-amphibian"),
    _kind("feeling, emotion", "sentimiento, emoción", _FACES, "face-costume cat-face monkey-face emotion heart"),
    _kind("happy face, smile", "cara feliz, sonrisa", "face-smiling", _FACES + " cat-face face-costume"),
    _kind("unhappy face", "cara triste", "face-concerned", _FACES + " cat-face face-costume"),
    _kind("person, human, somebody", "persona, ser humano, alguien", _PEOPLE, "person-fantasy family person-symbol body-parts hands hand-prop " + _FACES),
    _kind("hand, gesture", "mano, gesto", "hand-fingers-open hand-fingers-partial hand-single-finger hand-fingers-closed hands hand-prop", _PEOPLE + " body-parts face-hand"),
    _kind("body part", "parte del cuerpo", "body-parts", "hand-fingers-open hand-fingers-partial hand-single-finger hand-fingers-closed hands hand-prop " + _FACES),
    _kind("heart, love", "corazón, amor", "heart", "emotion face-affection cat-face game"),
    _kind("arrow", "flecha", "arrow", "av-symbol hand-single-finger"),
    _kind("zodiac sign", "signo del zodiaco", "zodiac"),
    _kind("symbol, sign", "símbolo, señal", "transport-sign warning religion zodiac av-symbol math punctuation currency other-symbol", "arrow geometric heart emotion keycap office place-map"),
    _kind("party, celebration, holiday", "fiesta, celebración", "event", "award-medal person-fantasy face-hat drink food-sweet"),
    _kind("fantasy creature, monster", "criatura fantástica, monstruo", "person-fantasy face-costume", "animal-mammal animal-reptile"),
)  # fmt: skip

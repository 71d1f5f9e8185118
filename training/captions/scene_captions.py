"""Captions of drawn scenes, and hard negatives for them.

A hard negative is a caption of a scene that differs in one attribute.
"""

from dataclasses import replace
from typing import Final, TypeVar

import numpy as np

from training.captions.matching import ANY, HOOP, INVERSE, Attribute, Constraint, TrainingCaption
from training.drawing import scenes
from training.drawing.colours import COLOURS
from training.drawing.scenes import FILLS, MAX_COUNT, PLACES, RELATIONS, SHAPES, SIZES, Group, Scene
from training.words import fillers, lexicon
from training.words.language import Language

T = TypeVar("T")

_ONE: Final = 1 << 1
_SEVERAL: Final = 1 << 2 | 1 << 3 | 1 << 4


def caption(
    scene: Scene, ground: str | None, language: Language, rng: np.random.Generator
) -> TrainingCaption:
    """Return a caption that fits a scene.

    Args:
        scene: may be empty.
        ground: the name of the ground's colour, of COLOURS; None if it has no name.
        language: of the caption.
        rng: chooses what is mentioned, and the words.
    """
    if not scene.groups:
        if ground is not None and rng.random() < 0.4:
            return _ground_caption(ground, language, rng)
        options = fillers.load().empty[language]
        return TrainingCaption(options[int(rng.integers(len(options)))], "empty")
    first = scene.groups[int(rng.integers(len(scene.groups)))]
    if len(scene.groups) == 2 and rng.random() < 0.65:
        result = _pair(scene, language, rng)
    elif rng.random() < 0.05:
        return _colour_alone(first, language, rng)
    else:
        text, meaning = noun_phrase(first, language, rng)
        result = TrainingCaption(text, first=meaning)
    if ground is not None and rng.random() < 0.08:
        (pattern,) = fillers.load().on_ground[language]
        text = pattern.format(result.text, _masculine(ground, language, rng))
        result = replace(result, text=text, ground=1 << COLOURS.index(ground))
    if rng.random() < 0.4:
        templates = fillers.load().templates[language]
        template = templates[int(rng.integers(len(templates)))]
        result = replace(result, text=template.format(result.text))
    return result


def _pair(scene: Scene, language: Language, rng: np.random.Generator) -> TrainingCaption:
    """Name both groups of a scene, in either order: "a red circle left of a green triangle"."""
    (first, second), relation = scene.groups, str(scene.relation)
    if rng.random() < 0.5:
        first, second, relation = second, first, INVERSE[relation]
    text_1, meaning_1 = noun_phrase(first, language, rng, bare=0.1)
    text_2, meaning_2 = noun_phrase(second, language, rng, bare=0.1)
    bits = 1 << RELATIONS.index(relation)
    if rng.random() < 0.45:
        relation, bits = "and", ANY
    word = _pick(lexicon.load().relations[relation][language], rng)
    text = f"{text_1} {word} {text_2}".replace(" de el ", " del ")
    return TrainingCaption(text, first=meaning_1, second=meaning_2, relation=bits)


def _colour_alone(group: Group, language: Language, rng: np.random.Generator) -> TrainingCaption:
    feminine = rng.random() < 0.15
    word = _pick(lexicon.load().colours[group.colour][language], rng)
    pattern = _pick(fillers.load().colour_phrases[language], rng)
    text = pattern.format(word.form(feminine=feminine, plural=False))
    bit = 1 << COLOURS.index(group.colour)
    return TrainingCaption(text, "colour", first=Constraint().requiring(Attribute.COLOUR, bit))


def _ground_caption(ground: str, language: Language, rng: np.random.Generator) -> TrainingCaption:
    word = _masculine(ground, language, rng)
    text = _pick(fillers.load().ground_phrases[language], rng).format(word)
    return TrainingCaption(text, "empty", ground=1 << COLOURS.index(ground))


def _masculine(colour: str, language: Language, rng: np.random.Generator) -> str:
    """Return a word for a colour that agrees with "fondo" and "color"."""
    adjective = _pick(lexicon.load().colours[colour][language], rng)
    return adjective.form(feminine=False, plural=False)


def neutral(language: Language, rng: np.random.Generator) -> TrainingCaption:
    """Return a caption that says nothing about the picture."""
    options = fillers.load().neutral[language]
    return TrainingCaption(options[int(rng.integers(len(options)))], "neutral")


def changed(scene: Scene, rng: np.random.Generator) -> Scene:
    """Return a scene with one attribute changed. Its captions are hard negatives for this one."""
    if not scene.groups:
        return scenes.random_scene(rng)
    at = int(rng.integers(len(scene.groups)))
    group = scene.groups[at]
    choice = rng.random()
    if len(scene.groups) == 2 and choice < 0.4:
        first, second = scene.groups
        if choice < 0.2:
            return replace(scene, relation=INVERSE[str(scene.relation)])
        return replace(  # exchange the colours
            scene,
            groups=(replace(first, colour=second.colour), replace(second, colour=first.colour)),
        )
    alone = len(scene.groups) == 1
    if choice < (0.3 if alone else 0.65):
        group = replace(group, colour=str(rng.choice([c for c in COLOURS if c != group.colour])))
    elif choice < 0.5 or not alone:
        group = replace(group, shape=str(rng.choice([s for s in SHAPES if s != group.shape])))
    else:
        counts = [n for n in range(1, MAX_COUNT + 1) if n != group.count]
        group = replace(group, count=int(rng.choice(counts)))
    return replace(scene, groups=tuple(group if i == at else g for i, g in enumerate(scene.groups)))


def miscounted(scene: Scene, language: Language, rng: np.random.Generator) -> list[TrainingCaption]:
    """Return captions that name one shape more and one less than the scene shows.

    These are the hardest negatives. They come together, because three lies between two and four:
    compared with one of them at a time, "three" wins too seldom.

    Returns:
        Two captions, or one at the highest count; none for a scene that has no group of several
        shapes.
    """
    if len(scene.groups) != 1 or scene.groups[0].count == 1:
        return []
    (group,) = scene.groups
    counts = [n for n in (group.count - 1, group.count + 1) if n <= MAX_COUNT]
    phrases = [noun_phrase(replace(group, count=n), language, rng, bare=0.0) for n in counts]
    return [TrainingCaption(text, first=meaning) for text, meaning in phrases]


def noun_phrase(
    group: Group, language: Language, rng: np.random.Generator, *, bare: float = 0.25
) -> tuple[str, Constraint]:
    """Name some of a group's attributes: "two small blue squares", "círculo rojo".

    Args:
        group: what the phrase is about.
        language: of the phrase.
        rng: chooses what is mentioned, the synonyms and their order.
        bare: probability that there is no article and no number.

    Returns:
        The phrase, and what it demands of a group.
    """
    words = lexicon.load()
    plural = group.count > 1
    is_bare = rng.random() < bare
    meaning = Constraint()
    if is_bare:
        yes, maybe = (_SEVERAL, _SEVERAL) if plural else (_ONE, ANY)
        meaning = meaning.requiring(Attribute.COUNT, yes, maybe)
    else:
        meaning = meaning.requiring(Attribute.COUNT, 1 << group.count)
    if rng.random() < 0.9:
        noun = _pick(words.shapes[group.shape][language], rng)
        meaning = meaning.requiring(Attribute.SHAPE, *_shape_demand(group.shape))
    else:
        noun = _pick(words.any_shape[language], rng)

    def word(table: dict[str, lexicon.Adjectives], value: str) -> str:
        adjective = _pick(table[value][language], rng)
        return adjective.form(feminine=noun.feminine, plural=plural)

    colour = fill = size = place = ""
    if rng.random() < 0.8:
        colour = word(words.colours, group.colour)
        meaning = meaning.requiring(Attribute.COLOUR, 1 << COLOURS.index(group.colour))
    if group.fill != "gradient" and rng.random() < (0.1 if group.fill == "solid" else 0.3):
        fill = word(words.fills, group.fill)
        meaning = meaning.requiring(Attribute.FILL, *_fill_demand(group.fill))
    if group.size in {"small", "large"} and rng.random() < 0.25:
        size = word(words.sizes, group.size)
        meaning = meaning.requiring(Attribute.SIZE, 1 << SIZES.index(group.size))
    if group.place is not None and group.place != "centre" and rng.random() < 0.2:
        place = _pick(words.places[group.place][language], rng)
        meaning = meaning.requiring(Attribute.PLACE, 1 << PLACES.index(group.place))

    if is_bare:
        count = ""
    elif plural or rng.random() < 0.1:
        count = _pick(words.counts[language][group.count - 1], rng)
        if language is Language.SPANISH and not plural:
            count = "una" if noun.feminine else "un"
    else:
        count = "a" if language is Language.ENGLISH else ("una" if noun.feminine else "un")
    name = noun.form(plural=plural)
    if language is Language.ENGLISH:
        parts = [size, fill, colour, name]
    elif size and rng.random() < 0.3:
        parts = [size, name, fill, colour]
    else:
        parts = [name, fill, colour, size] if rng.random() < 0.3 else [name, colour, fill, size]
    parts = [part for part in parts if part]
    if count == "a" and parts[0][0] in "aeiou":
        count = "an"
    return " ".join(part for part in (count, *parts, place) if part), meaning


def _shape_demand(shape: str) -> tuple[int, int]:
    """Return the shapes that this name means, and those that it may mean."""
    bit = 1 << SHAPES.index(shape)
    hoop = 1 << HOOP
    if shape == "circle":
        return bit | hoop, bit | hoop
    if shape == "ring":
        return bit, bit | hoop
    if shape == "rectangle":
        return bit, bit | 1 << SHAPES.index("square")
    return bit, bit


def _fill_demand(fill: str) -> tuple[int, int]:
    """Return the fills that this name means, and those that it may mean."""
    bit = 1 << FILLS.index(fill)
    if fill == "solid":  # one could call striped shapes filled too
        return bit, ANY & ~(1 << FILLS.index("outline"))
    return bit, bit


def _pick(options: tuple[T, ...], rng: np.random.Generator) -> T:
    """Return the first, usual option in half of the cases, else any."""
    return options[0] if rng.random() < 0.5 else options[int(rng.integers(len(options)))]

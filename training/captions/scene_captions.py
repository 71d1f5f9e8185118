"""Phrases about the drawn world, and which picture each of them fits.

A phrase is a text with a meaning, and a scene has attributes; `fits` compares them, so that a
batch knows for every picture and every phrase whether it is right, wrong, or a matter of taste
(then the training loss leaves the pair out).

Meanings are bit sets: of each attribute, the values that the phrase names (`yes`) and those that
one would let pass (`maybe`). Scenes hold one bit, or all bits where nobody would say.
"""

from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from training.drawing import shapes
from training.drawing.shapes import Group, Scene
from training.words import lexicon
from training.words.lexicon import Language

ANY: Final = -1  # all bits

# Attributes of a group, in this order.
_COLOUR, _SHAPE, _COUNT, _FILL, _SIZE, _PLACE = range(6)
_HOOP: Final = len(shapes.SHAPES)  # an outlined circle: a circle, and some call it a ring
_INVERSE: Final = {"left": "right", "right": "left", "above": "below", "below": "above"}

T = TypeVar("T")
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Constraint:
    """What a noun phrase asks of a group: bit sets per attribute."""

    yes: tuple[int, ...] = (ANY,) * 6
    maybe: tuple[int, ...] = (ANY,) * 6

    def asking(self, attribute: int, yes: int, maybe: int | None = None) -> "Constraint":
        """The same with one more demand."""
        maybe = yes if maybe is None else maybe
        return Constraint(
            tuple(yes if at == attribute else old for at, old in enumerate(self.yes)),
            tuple(maybe if at == attribute else old for at, old in enumerate(self.maybe)),
        )


@dataclass(frozen=True)
class Phrase:
    """A text and what it means."""

    text: str
    kind: str = "shape"  # shape, empty, neutral, or other: see training.emoji.concepts
    first: Constraint = field(default_factory=Constraint)
    second: Constraint | None = None
    relation: int = ANY  # bits of RELATIONS
    ground: int = ANY  # bits of COLOURS
    concept: int = -1  # row of the concept matrix, of phrases about artwork
    # Bits of augment.EFFECTS, of phrases about artwork: of which pictures it is true.
    effect: int = ANY
    effect_maybe: int = 0
    colour: int = ANY  # bits of COLOURS, of phrases about artwork


def group_bits(group: Group) -> tuple[int, ...]:
    """One bit per attribute, or ANY where the attribute has no name."""
    shape = shapes.SHAPES.index(group.shape)
    if group.shape == "circle" and group.fill == "outline":
        shape = _HOOP
    return (
        1 << shapes.COLOURS.index(group.colour),
        1 << shape,
        1 << group.count,
        1 << shapes.FILLS.index(group.fill),
        1 << shapes.SIZES.index(group.size) if group.size else ANY,
        1 << shapes.PLACES.index(group.place) if group.place else ANY,
    )


def _shape_demand(shape: str) -> tuple[int, int]:
    bit = 1 << shapes.SHAPES.index(shape)
    hoop = 1 << _HOOP
    if shape == "circle":
        return bit | hoop, bit | hoop
    if shape == "ring":
        return bit, bit | hoop
    if shape == "rectangle":
        return bit, bit | 1 << shapes.SHAPES.index("square")
    return bit, bit


def _fill_demand(fill: str) -> tuple[int, int]:
    bit = 1 << shapes.FILLS.index(fill)
    if fill == "solid":  # a striped one is filled as well, in a way
        return bit, ANY & ~(1 << shapes.FILLS.index("outline"))
    return bit, bit


_ONE: Final = 1 << 1
_SEVERAL: Final = 1 << 2 | 1 << 3 | 1 << 4


def _pick(options: tuple[T, ...], rng: np.random.Generator) -> T:
    """The first, usual one in half of the cases."""
    return options[0] if rng.random() < 0.5 else options[int(rng.integers(len(options)))]


def noun_phrase(
    group: Group, language: Language, rng: np.random.Generator, *, bare: float = 0.25
) -> tuple[str, Constraint]:
    """Some of a group's attributes in words: "two small blue squares", "círculo rojo".

    Args:
        group: what is spoken of.
        language: of the words.
        rng: chooses what is mentioned, the synonyms and their order.
        bare: probability of no article and no number.
    """
    plural = group.count > 1
    is_bare = rng.random() < bare
    meaning = Constraint()
    if is_bare:
        meaning = meaning.asking(_COUNT, _SEVERAL if plural else _ONE, _SEVERAL if plural else ANY)
    else:
        meaning = meaning.asking(_COUNT, 1 << group.count)
    if rng.random() < 0.9:
        noun = _pick(lexicon.SHAPES[group.shape].of(language), rng)
        meaning = meaning.asking(_SHAPE, *_shape_demand(group.shape))
    else:
        noun = _pick(lexicon.ANY_SHAPE.of(language), rng)

    def word(table: dict[str, lexicon.AdjectiveWords], value: str) -> str:
        adjective = _pick(table[value].of(language), rng)
        return adjective.form(feminine=noun.feminine, plural=plural)

    colour = fill = size = place = ""
    if rng.random() < 0.8:
        colour = word(lexicon.COLOURS, group.colour)
        meaning = meaning.asking(_COLOUR, 1 << shapes.COLOURS.index(group.colour))
    if group.fill != "gradient" and rng.random() < (0.1 if group.fill == "solid" else 0.3):
        fill = word(lexicon.FILLS, group.fill)
        meaning = meaning.asking(_FILL, *_fill_demand(group.fill))
    if group.size in {"small", "large"} and rng.random() < 0.25:
        size = word(lexicon.SIZES, group.size)
        meaning = meaning.asking(_SIZE, 1 << shapes.SIZES.index(group.size))
    if group.place is not None and group.place != "centre" and rng.random() < 0.2:
        place = _pick(lexicon.PLACES[group.place][language], rng)
        meaning = meaning.asking(_PLACE, 1 << shapes.PLACES.index(group.place))

    if is_bare:
        count = ""
    elif plural or rng.random() < 0.1:
        count = _pick(lexicon.COUNTS[language][group.count - 1], rng)
        if language is Language.SPANISH and not plural:
            count = "una" if noun.feminine else "un"
    else:
        count = "a" if language is Language.ENGLISH else ("una" if noun.feminine else "un")
    name = noun.form(plural=plural)
    if language is Language.ENGLISH:
        words = [size, fill, colour, name]
    elif size and rng.random() < 0.3:
        words = [size, name, fill, colour]
    else:
        words = [name, fill, colour, size] if rng.random() < 0.3 else [name, colour, fill, size]
    words = [item for item in words if item]
    if count == "a" and words[0][0] in "aeiou":
        count = "an"
    return " ".join(item for item in (count, *words, place) if item), meaning


def caption(
    scene: Scene, ground: str | None, language: Language, rng: np.random.Generator
) -> Phrase:
    """A phrase that fits the scene on this ground: a name of COLOURS, or None for any other."""
    if not scene.groups:
        if ground is not None and rng.random() < 0.4:
            return _ground_phrase(ground, language, rng)
        options = lexicon.EMPTY[language]
        return Phrase(options[int(rng.integers(len(options)))], "empty")
    first = scene.groups[int(rng.integers(len(scene.groups)))]
    if len(scene.groups) == 2 and rng.random() < 0.65:
        phrase = _pair(scene, language, rng)
    elif rng.random() < 0.05:
        return _colour_alone(first, language, rng)
    else:
        text, meaning = noun_phrase(first, language, rng)
        phrase = Phrase(text, first=meaning)
    if ground is not None and rng.random() < 0.08:
        colour = _pick(lexicon.COLOURS[ground].of(language), rng).form(feminine=False, plural=False)
        text = (
            f"{phrase.text} on a {colour} background"
            if language is Language.ENGLISH
            else f"{phrase.text} sobre un fondo {colour}"
        )
        phrase = replace(phrase, text=text, ground=1 << shapes.COLOURS.index(ground))
    if rng.random() < 0.4:
        template = lexicon.TEMPLATES[language]
        phrase = replace(
            phrase, text=template[int(rng.integers(len(template)))].format(phrase.text)
        )
    return phrase


def _pair(scene: Scene, language: Language, rng: np.random.Generator) -> Phrase:
    """Both groups of a scene, in either order: "a red circle left of a green triangle"."""
    (first, second), relation = scene.groups, str(scene.relation)
    if rng.random() < 0.5:
        first, second, relation = second, first, _INVERSE[relation]
    text_1, meaning_1 = noun_phrase(first, language, rng, bare=0.1)
    text_2, meaning_2 = noun_phrase(second, language, rng, bare=0.1)
    bits = 1 << shapes.RELATIONS.index(relation)
    if rng.random() < 0.45:
        relation, bits = "and", ANY
    word = _pick(lexicon.RELATIONS[relation][language], rng)
    text = f"{text_1} {word} {text_2}".replace(" de el ", " del ")
    return Phrase(text, first=meaning_1, second=meaning_2, relation=bits)


def _colour_alone(group: Group, language: Language, rng: np.random.Generator) -> Phrase:
    plain = {
        Language.ENGLISH: ("{}", "something {}", "the colour {}", "the color {}", "{} colour"),
        Language.SPANISH: ("{}", "algo {}", "el color {}", "color {}", "de color {}"),
    }
    feminine = rng.random() < 0.15
    word = _pick(lexicon.COLOURS[group.colour].of(language), rng)
    text = _pick(plain[language], rng).format(word.form(feminine=feminine, plural=False))
    bit = 1 << shapes.COLOURS.index(group.colour)
    return Phrase(text, "colour", first=Constraint().asking(_COLOUR, bit))


def _ground_phrase(ground: str, language: Language, rng: np.random.Generator) -> Phrase:
    word = _pick(lexicon.COLOURS[ground].of(language), rng).form(feminine=False, plural=False)
    plain = {
        Language.ENGLISH: ("a {} background", "a plain {} background", "an empty {} picture"),
        Language.SPANISH: ("un fondo {}", "un fondo liso {}", "una imagen vacía de color {}"),
    }
    text = _pick(plain[language], rng).format(word)
    return Phrase(text, "empty", ground=1 << shapes.COLOURS.index(ground))


def neutral(language: Language, rng: np.random.Generator) -> Phrase:
    """A phrase that says nothing about the picture."""
    options = lexicon.NEUTRAL[language]
    return Phrase(options[int(rng.integers(len(options)))], "neutral")


def mutated(scene: Scene, rng: np.random.Generator) -> Scene:
    """A scene that differs from this one in one attribute: its captions are hard negatives."""
    if not scene.groups:
        return shapes.random_scene(rng)
    at = int(rng.integers(len(scene.groups)))
    group = scene.groups[at]
    choice = rng.random()
    if len(scene.groups) == 2 and choice < 0.4:
        first, second = scene.groups
        if choice < 0.2:
            return replace(scene, relation=_INVERSE[str(scene.relation)])
        return replace(  # the colours exchanged
            scene,
            groups=(replace(first, colour=second.colour), replace(second, colour=first.colour)),
        )
    alone = len(scene.groups) == 1
    if choice < (0.3 if alone else 0.65):
        group = replace(
            group, colour=str(rng.choice([c for c in shapes.COLOURS if c != group.colour]))
        )
    elif choice < 0.5 or not alone:
        group = replace(
            group, shape=str(rng.choice([s for s in shapes.SHAPES if s != group.shape]))
        )
    else:
        counts = [n for n in range(1, shapes.MAX_COUNT + 1) if n != group.count]
        group = replace(group, count=int(rng.choice(counts)))
    return replace(scene, groups=tuple(group if i == at else g for i, g in enumerate(scene.groups)))


def miscounted(scene: Scene, language: Language, rng: np.random.Generator) -> list[Phrase]:
    """One more and one less of the same, where it shows several: the hardest rivals.

    Both together, since three lies between two and four: told from one of them at a time, it ends
    up as the answer too seldom.
    """
    if len(scene.groups) != 1 or scene.groups[0].count == 1:
        return []
    (group,) = scene.groups
    counts = [n for n in (group.count - 1, group.count + 1) if n <= shapes.MAX_COUNT]
    told = [noun_phrase(replace(group, count=n), language, rng, bare=0.0) for n in counts]
    return [Phrase(text, first=meaning) for text, meaning in told]


@dataclass(frozen=True)
class SceneBits:
    """The attributes of a batch of scenes."""

    first: Ints  # [B, 6]
    second: Ints  # [B, 6]
    relation: Ints  # [B]
    ground: Ints  # [B]
    groups: Ints  # [B], 0..2; -1 where the picture is no drawn scene

    @classmethod
    def of(cls, scenes: list[Scene | None], grounds: list[str | None]) -> "SceneBits":
        """Of scenes, None for pictures from elsewhere; ground None where its colour has no name."""
        nothing = (0,) * 6
        groups = [scene.groups if scene else () for scene in scenes]
        return cls(
            np.array([group_bits(g[0]) if g else nothing for g in groups], np.int64),
            np.array([group_bits(g[1]) if len(g) > 1 else nothing for g in groups], np.int64),
            np.array(
                [
                    1 << shapes.RELATIONS.index(scene.relation) if scene and scene.relation else 0
                    for scene in scenes
                ],
                np.int64,
            ),
            np.array(
                [1 << shapes.COLOURS.index(ground) if ground else ANY for ground in grounds],
                np.int64,
            ),
            np.array([-1 if scene is None else len(scene.groups) for scene in scenes], np.int64),
        )

    def subset(self, chosen: npt.NDArray[np.int64]) -> "SceneBits":
        """Some of the scenes."""
        return SceneBits(*(bits[chosen] for bits in vars(self).values()))


FITS, UNSURE, WRONG = 1, 0, -1


def fits(scenes: SceneBits, phrases: list[Phrase]) -> npt.NDArray[np.int8]:
    """Whether each phrase is FITS, UNSURE or WRONG for each scene: int8 [scenes, phrases].

    Phrases of artwork (`concept` >= 0) and pictures of artwork are left UNSURE here.
    """
    result = np.full((len(scenes.groups), len(phrases)), UNSURE, np.int8)
    drawn = np.flatnonzero(scenes.groups >= 0)
    spoken = np.flatnonzero([phrase.concept < 0 for phrase in phrases])
    if len(drawn) and len(spoken):
        about = [phrases[at] for at in spoken.tolist()]
        result[np.ix_(drawn, spoken)] = _fits_drawn(scenes.subset(drawn), about)
    return result


def _fits_drawn(scenes: SceneBits, phrases: list[Phrase]) -> npt.NDArray[np.int8]:
    """The same of drawn scenes and phrases about such, or about nothing."""
    plain = Constraint()
    first_yes = np.array([p.first.yes for p in phrases], np.int64)
    first_maybe = np.array([p.first.maybe for p in phrases], np.int64)
    second_yes = np.array([(p.second or plain).yes for p in phrases], np.int64)
    second_maybe = np.array([(p.second or plain).maybe for p in phrases], np.int64)
    paired = np.array([p.second is not None for p in phrases])
    relation = np.array([p.relation for p in phrases], np.int64)
    ground = np.array([p.ground for p in phrases], np.int64)
    kind = np.array([p.kind for p in phrases])

    def within(bits: Ints, yes: Ints) -> npt.NDArray[np.bool_]:
        inside = (bits[:, None] & ~yes[None]) == 0
        return np.asarray(inside.reshape(len(bits), len(yes), -1).all(axis=2))

    def touches(bits: Ints, maybe: Ints) -> npt.NDArray[np.bool_]:
        common = (bits[:, None] & maybe[None]) != 0
        return np.asarray(common.reshape(len(bits), len(maybe), -1).all(axis=2))

    has_1, has_2 = (scenes.groups >= 1)[:, None], (scenes.groups >= 2)[:, None]
    inverse = _inverse_relations(scenes.relation)
    alone_yes = (has_1 & within(scenes.first, first_yes)) | (
        has_2 & within(scenes.second, first_yes)
    )
    alone_maybe = (has_1 & touches(scenes.first, first_maybe)) | (
        has_2 & touches(scenes.second, first_maybe)
    )

    def both(test: "object", one: Ints, two: Ints) -> npt.NDArray[np.bool_]:
        assert callable(test)
        straight = test(scenes.first, one) & test(scenes.second, two)
        straight &= touches(scenes.relation, relation)
        crossed = test(scenes.second, one) & test(scenes.first, two)
        crossed &= touches(inverse, relation)
        result: npt.NDArray[np.bool_] = has_2 & (straight | crossed)
        return result

    yes = np.where(paired, both(within, first_yes, second_yes), alone_yes)
    maybe = np.where(paired, both(touches, first_maybe, second_maybe), alone_maybe)

    empty = (scenes.groups == 0)[:, None]
    says_empty, says_neutral = kind == "empty", kind == "neutral"
    yes = np.where(says_empty | (says_neutral & empty), empty, yes)
    maybe = np.where(says_empty | (says_neutral & empty), empty, maybe)
    # A colour by itself may be the ground's.
    is_colour = kind == "colour"
    colour_bits = first_yes[:, _COLOUR]
    maybe = maybe | (is_colour & touches(scenes.ground, colour_bits))
    yes = yes & within(scenes.ground, ground)
    maybe = maybe & touches(scenes.ground, ground)

    result = np.where(yes, FITS, np.where(maybe, UNSURE, WRONG)).astype(np.int8)
    result[:, says_neutral] = np.where(empty, FITS, UNSURE)
    return result


def _inverse_relations(bits: Ints) -> Ints:
    result = np.zeros_like(bits)
    for name, other in _INVERSE.items():
        held = (bits & (1 << shapes.RELATIONS.index(name))) != 0
        result[held] |= 1 << shapes.RELATIONS.index(other)
    return result

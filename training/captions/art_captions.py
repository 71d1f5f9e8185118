"""Phrases about artwork: a name, a keyword or a kind, dressed as people dress their words."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from training.captions.scene_captions import ANY, FITS, UNSURE, WRONG, Phrase
from training.drawing import shapes
from training.drawing.augment import EFFECTS
from training.emoji.concepts import Concept, Meanings
from training.words import fillers, lexicon
from training.words import spelling as wording
from training.words.lexicon import Language

_DETERMINERS: Final = {
    Language.ENGLISH: ("a", "a", "a", "the", "my", "one", "this", "your", "some", "his", "our"),
    Language.SPANISH: ("un", "un", "una", "el", "la", "mi", "este", "esta", "tu", "su", "nuestro"),
}
_SEVERAL: Final = {
    Language.ENGLISH: ("some", "many", "the", "two", "lots of"),
    Language.SPANISH: ("unos", "muchas", "los", "dos", "varias"),
}


# Where the words for a concept come from if not from its names, and how often.
_OTHER_WORDS: Final = {"everyday": 0.35, "keyword": 0.4, "kind": 0.25}


@dataclass(frozen=True)
class EffectWords:
    """Adjectives for what happened to a picture, and of which pictures they are true."""

    words: dict[Language, tuple[str, ...]]
    yes: frozenset[str]  # of augment.EFFECTS
    maybe: frozenset[str] = frozenset()


EFFECT_WORDS: Final = (
    EffectWords(
        {
            Language.ENGLISH: ("blurry", "blurred", "out-of-focus", "fuzzy", "unsharp"),
            Language.SPANISH: ("borroso", "borrosa", "desenfocado", "desenfocada"),
        },
        frozenset({"blurred"}),
        frozenset({"speeding"}),
    ),
    EffectWords(
        {
            Language.ENGLISH: ("fast", "speeding", "rushing", "quick", "fast-moving"),
            Language.SPANISH: ("rápido", "rápida", "veloz", "a toda velocidad"),
        },
        frozenset({"speeding"}),
        frozenset({"sharp", "blurred"}),  # a parked sports car is a fast car as well
    ),
    EffectWords(
        {
            Language.ENGLISH: ("sharp", "clear", "crisp", "focused"),
            Language.SPANISH: ("nítido", "nítida", "enfocado", "enfocada"),
        },
        frozenset({"sharp", "speeding"}),
    ),
    EffectWords(
        {
            Language.ENGLISH: ("still", "motionless", "parked"),
            Language.SPANISH: ("quieto", "quieta", "inmóvil"),
        },
        frozenset({"sharp", "blurred"}),
    ),
)


@dataclass(frozen=True)
class Look:
    """What can be said of a picture of artwork beside what it shows."""

    effect: int = 0  # of EFFECTS
    colour: int = -1  # of COLOURS; -1 where it has no one colour


def _bits(effects: frozenset[str]) -> int:
    return sum(1 << EFFECTS.index(name) for name in effects)


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


def dressed(
    noun: str,
    language: Language,
    rng: np.random.Generator,
    told: tuple[str, ...] = (),
    idle: tuple[str, ...] = (),
) -> str:
    """A noun in a phrase or a sentence; alone in a fifth of the cases.

    Args:
        noun: what the phrase is about.
        language: of the words around it.
        rng: chooses them.
        told: adjectives that are true of the picture; others may join them that say nothing.
        idle: words that say nothing; without them only those of `fillers` are used.
    """

    def one(options: tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))]

    def aside(usual: tuple[str, ...]) -> str:
        """A word that says nothing: rather a usual one, else any, or one that nobody has met."""
        chance = rng.random()
        if chance < 0.5 or not idle:
            return one(usual)
        return one(idle) if chance < 0.85 else wording.coined(idle, rng)

    chance = rng.random()
    if rng.random() < 0.15:
        noun = wording.mistyped(noun, rng)
    if chance < 0.2 and not told:
        return noun if chance > 0.05 else plural(noun, language)
    determiner = one(_DETERMINERS[language])
    adjectives = list(told)
    if rng.random() < 0.4:
        adjectives += [aside(fillers.ADJECTIVES[language]) for _ in range(_some(rng, 3))]
    if not adjectives and rng.random() < 0.16:
        core = plural(noun, language)
        if rng.random() < 0.5:
            core = f"{one(_SEVERAL[language])} {core}"
    elif language is Language.ENGLISH:
        core = " ".join((determiner, *adjectives, noun))
    else:
        core = " ".join((determiner, noun, *adjectives))
    if core.startswith("a ") and core[2] in "aeiou":
        core = f"an {core[2:]}"
    if chance < 0.45:
        return core
    if chance < 0.68:
        text = one(lexicon.TEMPLATES[language]).format(core)
    elif chance < 0.85:
        text = f"{one(fillers.OPENERS[language])} {core}"
    else:  # words that may stand anywhere
        words = [aside(fillers.NOISE[language]) for _ in range(_some(rng, 6))]
        at = int(rng.integers(len(words) + 1))
        text = " ".join((*words[:at], core, *words[at:]))
    if rng.random() < 0.2:
        text = f"{text} {one(fillers.TAILS[language])}"
    return text


def _some(rng: np.random.Generator, most: int) -> int:
    """1 to `most`, rather few."""
    return 1 + int(most * rng.random() ** 2)


class ArtCaptions:
    """Chooses phrases for concepts, and knows which concept they fit."""

    def __init__(
        self,
        concepts: list[Concept],
        meanings: Meanings,
        idle: dict[Language, tuple[str, ...]] | None = None,
    ) -> None:
        """With `idle`, phrases have more words around them that say nothing: see `dressed`."""
        self._meanings = meanings
        self._idle = idle or {}
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
                    for source in _OTHER_WORDS
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
        self,
        concept: int,
        language: Language,
        rng: np.random.Generator,
        look: Look | None = None,
        *,
        name: float = 0.55,
        told: float = 1.0,
    ) -> Phrase:
        """A phrase that fits a concept.

        Args:
            concept: its index.
            language: of the phrase.
            rng: chooses the words.
            look: what may be said of the picture beside what it shows.
            name: probability of one of the concept's names, and not a keyword or a kind.
            told: how often something is said of the look; more than 1 for more often than usual.
        """
        chance = rng.random()
        row = concept
        if chance > name:
            source = str(rng.choice(tuple(_OTHER_WORDS), p=tuple(_OTHER_WORDS.values())))
            rows = self._own[concept][source, language]
            if len(rows):
                row = int(rows[int(rng.integers(len(rows)))])
        texts = self._meanings.texts[row][language]
        noun = texts[0] if rng.random() < 0.4 else texts[int(rng.integers(len(texts)))]
        phrase = Phrase("", "art", concept=row)
        words: tuple[str, ...] = ()
        if look is not None:
            words, phrase = self._described(phrase, look, language, rng, told)
        return replace(
            phrase, text=dressed(noun, language, rng, words, self._idle.get(language, ()))
        )

    def _described(
        self,
        phrase: Phrase,
        look: Look,
        language: Language,
        rng: np.random.Generator,
        told: float,
    ) -> tuple[tuple[str, ...], Phrase]:
        """Adjectives for the look, and the phrase with what they mean."""
        words: list[str] = []
        if rng.random() < told * (0.02 if EFFECTS[look.effect] == "sharp" else 0.4):
            true = [some for some in EFFECT_WORDS if EFFECTS[look.effect] in some.yes]
            said = true[0] if look.effect else true[int(rng.integers(len(true)))]
            options = said.words[language]
            words.append(options[int(rng.integers(len(options)))])
            phrase = replace(phrase, effect=_bits(said.yes), effect_maybe=_bits(said.maybe))
        if look.colour >= 0 and rng.random() < told * 0.2:
            adjectives = lexicon.COLOURS[shapes.COLOURS[look.colour]].of(language)
            adjective = adjectives[int(rng.integers(len(adjectives)))]
            words.append(adjective.form(feminine=rng.random() < 0.5, plural=False))
            phrase = replace(phrase, colour=1 << look.colour)
        return tuple(words), phrase

    def judge(
        self,
        fits: npt.NDArray[np.int8],
        concepts: npt.NDArray[np.int64],
        groups: npt.NDArray[np.int64],
        phrases: list[Phrase],
        looks: list[Look] | None = None,
    ) -> None:
        """Fill in what `captions.fits` leaves open: artwork, and phrases about it.

        Args:
            fits: int8 [B, T], changed in place.
            concepts: [B], -1 where the picture is no artwork.
            groups: [B], 0 where the picture is an empty ground.
            phrases: T of them.
            looks: of the pictures, [B].
        """
        rows = np.array([phrase.concept for phrase in phrases])
        kinds = np.array([phrase.kind for phrase in phrases])
        art, about_art = concepts >= 0, rows >= 0
        fits[np.ix_(art, about_art)] = self._matrix[rows[about_art]][:, concepts[art]].T
        if looks is not None:
            _judge_looks(fits, looks, phrases)
        of_shapes = self._of_shapes[rows[about_art]]
        of_scenery = self._of_scenery[rows[about_art]]
        fits[np.ix_(~art, about_art)] = np.where(of_shapes, UNSURE, WRONG)
        empty = ~art & (groups == 0)
        fits[np.ix_(empty, about_art)] = np.where(of_scenery, UNSURE, WRONG)
        fits[np.ix_(art, kinds == "empty")] = WRONG
        is_shape = np.where(self._is_shape[concepts[art]], UNSURE, WRONG)
        fits[np.ix_(art, kinds == "shape")] = is_shape[:, None]


def _judge_looks(fits: npt.NDArray[np.int8], looks: list[Look], phrases: list[Phrase]) -> None:
    """Where a phrase speaks of an effect or a colour, compare that as well; changes `fits`."""
    effects = np.array([1 << look.effect for look in looks])
    colours = np.array([1 << look.colour if look.colour >= 0 else 0 for look in looks])
    for at, phrase in enumerate(phrases):
        if phrase.effect != ANY:
            false = (effects & (phrase.effect | phrase.effect_maybe)) == 0
            unsure = (effects & phrase.effect) == 0
            _weaken(fits[:, at], unsure, false)
        if phrase.colour != ANY:
            _weaken(fits[:, at], colours == 0, (colours != 0) & ((colours & phrase.colour) == 0))


def _weaken(
    column: npt.NDArray[np.int8], unsure: npt.NDArray[np.bool_], false: npt.NDArray[np.bool_]
) -> None:
    column[unsure] = np.minimum(column[unsure], UNSURE)
    column[false] = WRONG

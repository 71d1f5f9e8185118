"""Captions of artwork: a name, a keyword or a kind, in phrases such as people type."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from training.captions.matching import ANY, FITS, UNSURE, WRONG, TrainingCaption
from training.captions.meanings import Meanings
from training.captions.noun_phrases import decorate
from training.drawing.augment import EFFECTS
from training.drawing.colours import COLOURS
from training.emoji.concepts import Concept
from training.words import lexicon
from training.words.language import Language, Words

# Sources of the words for a concept, besides its names, with the probability of each.
_OTHER_SOURCES: Final = {"synonym": 0.35, "keyword": 0.4, "kind": 0.25}
_OUTDOORS: Final = {"sky-weather", "place-geographic"}  # subgroups that show scenery


@dataclass(frozen=True)
class EffectMeaning:
    """The pictures that the words for an effect are true of, as sets of augment.EFFECTS."""

    yes: frozenset[str]
    maybe: frozenset[str] = frozenset()


# The keys are those of [effects] in words/lexicon.toml. Another order would change random choices.
EFFECT_MEANINGS: Final = {
    "blurred": EffectMeaning(frozenset({"blurred"}), frozenset({"speeding"})),
    # A parked sports car is a fast car too.
    "fast": EffectMeaning(frozenset({"speeding"}), frozenset({"sharp", "blurred"})),
    "sharp": EffectMeaning(frozenset({"sharp", "speeding"})),
    "still": EffectMeaning(frozenset({"sharp", "blurred"})),
}


@dataclass(frozen=True)
class Appearance:
    """What a caption can say of a picture of artwork besides what it shows."""

    effect: int = 0  # index of EFFECTS
    colour: int = -1  # index of COLOURS; -1 if no single colour prevails


def _bits(effects: frozenset[str]) -> int:
    return sum(1 << EFFECTS.index(name) for name in effects)


class ArtCaptions:
    """Writes captions for concepts, and knows which concepts each caption fits."""

    def __init__(
        self, concepts: list[Concept], meanings: Meanings, common_words: Words | None = None
    ) -> None:
        """Prepare the choice of words.

        Args:
            concepts: all of them.
            meanings: of these concepts.
            common_words: words without a meaning for any picture, which captions use as noise;
                None: captions use only the noise of fillers.toml.
        """
        self._meanings = meanings
        self._common_words: Words = common_words or {}
        self._matrix = meanings.matrix()
        sources = np.array(meanings.sources)
        self._own: list[dict[tuple[str, Language], npt.NDArray[np.int64]]] = []
        has_language = {
            language: np.array([language in texts for texts in meanings.texts])
            for language in Language
        }
        for index in range(len(concepts)):
            fitting = self._matrix[:, index] == FITS
            self._own.append(
                {
                    (source, language): np.flatnonzero(
                        fitting & (sources == source) & has_language[language]
                    )
                    for source in _OTHER_SOURCES
                    for language in Language
                }
            )
        self._is_shape = np.array([concept.is_shape for concept in concepts])
        self._is_scenery = np.array([concept.subgroup in _OUTDOORS for concept in concepts])
        fits = self._matrix == FITS
        self._of_shapes = fits[:, self._is_shape].any(axis=1)
        self._of_scenery = fits[:, self._is_scenery].any(axis=1)

    def caption(
        self,
        concept: int,
        language: Language,
        rng: np.random.Generator,
        appearance: Appearance | None = None,
        *,
        name: float = 0.55,
        emphasis: float = 1.0,
    ) -> TrainingCaption:
        """Return a caption that fits a concept.

        Args:
            concept: its index.
            language: of the caption.
            rng: chooses the words.
            appearance: what the caption may say of the picture besides what it shows.
            name: probability of one of the concept's names, instead of a keyword or a kind.
            emphasis: factor on the probability that the caption mentions the appearance.
        """
        chance = rng.random()
        row = concept
        if chance > name:
            source = str(rng.choice(tuple(_OTHER_SOURCES), p=tuple(_OTHER_SOURCES.values())))
            rows = self._own[concept][source, language]
            if len(rows):
                row = int(rows[int(rng.integers(len(rows)))])
        texts = self._meanings.texts[row][language]
        noun = texts[0] if rng.random() < 0.4 else texts[int(rng.integers(len(texts)))]
        result = TrainingCaption("", "art", meaning=row)
        adjectives: tuple[str, ...] = ()
        if appearance is not None:
            adjectives, result = self._described(result, appearance, language, rng, emphasis)
        common_words = self._common_words.get(language, ())
        return replace(result, text=decorate(noun, language, rng, adjectives, common_words))

    def _described(
        self,
        caption: TrainingCaption,
        appearance: Appearance,
        language: Language,
        rng: np.random.Generator,
        emphasis: float,
    ) -> tuple[tuple[str, ...], TrainingCaption]:
        """Choose adjectives for the appearance; return them, and the caption with their meaning."""
        adjectives: list[str] = []
        effect = EFFECTS[appearance.effect]
        if rng.random() < emphasis * (0.02 if effect == "sharp" else 0.4):
            true = [name for name, meaning in EFFECT_MEANINGS.items() if effect in meaning.yes]
            name = true[0] if appearance.effect else true[int(rng.integers(len(true)))]
            options = lexicon.load().effects[name][language]
            adjectives.append(options[int(rng.integers(len(options)))])
            meaning = EFFECT_MEANINGS[name]
            caption = replace(caption, effect=_bits(meaning.yes), effect_maybe=_bits(meaning.maybe))
        if appearance.colour >= 0 and rng.random() < emphasis * 0.2:
            colours = lexicon.load().colours[COLOURS[appearance.colour]][language]
            colour = colours[int(rng.integers(len(colours)))]
            adjectives.append(colour.form(feminine=rng.random() < 0.5, plural=False))
            caption = replace(caption, colour=1 << appearance.colour)
        return tuple(adjectives), caption

    def judge(
        self,
        fits: npt.NDArray[np.int8],
        concepts: npt.NDArray[np.int64],
        groups: npt.NDArray[np.int64],
        captions: list[TrainingCaption],
        appearances: list[Appearance] | None = None,
    ) -> None:
        """Fill in what `matching.fits` leaves open: artwork, and captions of artwork.

        Args:
            fits: int8 [B, T], changed in place.
            concepts: [B], -1 if the picture is not artwork.
            groups: [B], the number of groups in a scene; 0 if the picture is an empty ground.
            captions: T of them.
            appearances: of the pictures, [B].
        """
        rows = np.array([caption.meaning for caption in captions])
        kinds = np.array([caption.kind for caption in captions])
        art, of_art = concepts >= 0, rows >= 0
        fits[np.ix_(art, of_art)] = self._matrix[rows[of_art]][:, concepts[art]].T
        if appearances is not None:
            _judge_appearances(fits, appearances, captions)
        of_shapes = self._of_shapes[rows[of_art]]
        of_scenery = self._of_scenery[rows[of_art]]
        fits[np.ix_(~art, of_art)] = np.where(of_shapes, UNSURE, WRONG)
        empty = ~art & (groups == 0)
        fits[np.ix_(empty, of_art)] = np.where(of_scenery, UNSURE, WRONG)
        fits[np.ix_(art, kinds == "empty")] = WRONG
        is_shape = np.where(self._is_shape[concepts[art]], UNSURE, WRONG)
        fits[np.ix_(art, kinds == "shape")] = is_shape[:, None]


def _judge_appearances(
    fits: npt.NDArray[np.int8], appearances: list[Appearance], captions: list[TrainingCaption]
) -> None:
    """Compare effects and colours, if a caption mentions them; changes `fits` in place."""
    effects = np.array([1 << appearance.effect for appearance in appearances])
    colours = np.array(
        [1 << appearance.colour if appearance.colour >= 0 else 0 for appearance in appearances]
    )
    for at, caption in enumerate(captions):
        if caption.effect != ANY:
            false = (effects & (caption.effect | caption.effect_maybe)) == 0
            unsure = (effects & caption.effect) == 0
            _weaken(fits[:, at], unsure, false)
        if caption.colour != ANY:
            _weaken(fits[:, at], colours == 0, (colours != 0) & ((colours & caption.colour) == 0))


def _weaken(
    column: npt.NDArray[np.int8], unsure: npt.NDArray[np.bool_], false: npt.NDArray[np.bool_]
) -> None:
    """Lower the verdicts of one caption, where its adjectives are unsure or false."""
    column[unsure] = np.minimum(column[unsure], UNSURE)
    column[false] = WRONG

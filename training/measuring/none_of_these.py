"""How often the shipped model says "none of these", where a label fits and where none does.

Everything runs through `Engine.compare`, as in a worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from inference.model.classifier import Comparison, LabelSet
from inference.model.encoder.preprocessing import Inputs
from inference.model.engine import Engine
from inference.model.none_of_these import fit
from training.captions.matching import WRONG
from training.captions.meanings import Meanings
from training.emoji.artwork import Artwork
from training.emoji.concepts import Concept
from training.measuring import unseen_grounds
from training.measuring.artwork_evaluation import on_plain_ground
from training.words.language import Language

# Numbers of labels that the threshold is measured with; people mostly type a few.
_USUAL: Final = (1, 2, 5, 10)
# Pictures of one call, each with the questions of one round.
_BATCH: Final = 64
# What a single label was compared with before there was a bank.
NEUTRAL: Final = ("a photo", "a picture of something", "an object", "a background")


@dataclass(frozen=True)
class Asked:
    """Questions about drawings, and what the model said.

    Attributes:
        log_odds: see `Comparison.log_odds`, [questions].
        alarms: whether none of the labels seemed to fit, [questions].
        labels: how many labels each question had.
    """

    log_odds: npt.NDArray[np.float64]
    alarms: npt.NDArray[np.bool_]
    labels: int


class NoneOfTheseEvaluation:
    """Asks the shipped model about drawings, with labels that fit and with labels that don't."""

    def __init__(self, concepts: list[Concept], meanings: Meanings, artwork: Artwork) -> None:
        self.engine = Engine.load("demo", device="cpu")
        self.engine.encode_bank(float("inf"))
        self._artwork = artwork
        self._names = {
            language: [concept.names[language][0] for concept in concepts] for language in Language
        }
        # A label that may fit too would be an unfair wrong one.
        wrong = meanings.matrix()[: len(concepts)] == WRONG
        self._wrong = wrong & wrong.T
        rng = np.random.default_rng(41)
        prepare = self.engine.prepare
        self._grounds = {
            "white": [prepare(on_plain_ground(rgba)) for rgba in artwork.rgba],
            "busy": [prepare(unseen_grounds.on_busy_ground(rgba, rng)) for rgba in artwork.rgba],
        }

    def ask(
        self, ground: str, language: Language, labels: int, *, fitting: bool, seed: int = 5
    ) -> Asked:
        """Ask one question about each drawing.

        Args:
            ground: `white` or `busy`.
            language: of the labels.
            labels: how many, chosen at random.
            fitting: whether the first label is right; without it all are wrong.
            seed: of the choice.
        """
        rng = np.random.default_rng(seed)
        sets = []
        for concept in self._artwork.concepts.tolist():
            chosen = rng.choice(np.flatnonzero(self._wrong[concept]), size=labels, replace=False)
            if fitting:
                chosen[0] = concept
            sets.append(LabelSet(tuple(self._names[language][one] for one in chosen)))
        found = self._compare(self._grounds[ground], sets)
        odds = [one.log_odds for one in found if one.log_odds is not None]
        return Asked(np.array(odds), np.array([one.none_fits for one in found]), labels)

    def single_against_neutral(
        self, ground: str, language: Language, *, fitting: bool
    ) -> npt.NDArray[np.bool_]:
        """Return whether a single label loses against neutral phrases, as before the bank."""
        rng = np.random.default_rng(5)
        sets = []
        for concept in self._artwork.concepts.tolist():
            chosen = rng.choice(np.flatnonzero(self._wrong[concept]), size=1, replace=False)
            label = self._names[language][concept if fitting else chosen[0]]
            sets.append(LabelSet((label, *NEUTRAL)))
        found = self._compare(self._grounds[ground], sets)
        return np.array([one.probabilities[0] < 0.5 for one in found])

    def threshold(self) -> float:
        """Return the threshold that calls 5 % of fitting labels wrong.

        White and busy grounds, both languages, and usual numbers of labels count alike.
        """
        asked = [
            self.ask(ground, language, labels, fitting=True)
            for ground in self._grounds
            for language in Language
            for labels in _USUAL
        ]
        odds = np.concatenate([one.log_odds for one in asked])
        counts = np.concatenate([np.full(len(one.log_odds), one.labels) for one in asked])
        return fit.threshold_for(odds.tolist(), counts.tolist())

    def _compare(self, pictures: Sequence[Inputs], sets: Sequence[LabelSet]) -> list[Comparison]:
        found: list[Comparison] = []
        for start in range(0, len(pictures), _BATCH):
            part = slice(start, start + _BATCH)
            found += self.engine.compare(pictures[part], sets[part])
        return found

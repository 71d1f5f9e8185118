"""Questions about artwork, and the figures that show how a training run goes."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor
from transformers import CLIPModel, CLIPTokenizer

from training.captions.matching import WRONG
from training.captions.meanings import Meanings
from training.drawing.colours import Rgb
from training.emoji.artwork import Artwork
from training.emoji.concepts import Concept
from training.measuring import calibration, shape_questions
from training.measuring.similarity import Logits, Picture, encode_pictures, logits, top_1
from training.words.language import Language

# Where the wrong labels come from, and how many labels a question has.
RIVALS: Final = {"any": 10, "group": 5, "subgroup": 5}


def on_plain_ground(rgba: npt.NDArray[np.uint8], ground: Rgb = (255, 255, 255)) -> Picture:
    """Place a premultiplied drawing in the middle of a plain picture with some room around it."""
    side = round(len(rgba) * 1.25)
    picture = Image.new("RGB", (side, side), ground)
    drawing = Image.fromarray(rgba, "RGBa").convert("RGBA")
    corner = (side - len(rgba)) // 2
    picture.paste(drawing, (corner, corner), drawing)
    return picture


class ArtworkEvaluation:
    """Asks a model about drawings that training has not seen."""

    def __init__(
        self,
        tokenizer: CLIPTokenizer,
        concepts: list[Concept],
        meanings: Meanings,
        artwork: Artwork,
    ) -> None:
        self.artwork = artwork
        self._tokenizer = tokenizer
        self._names = {
            language: [concept.names[language][0] for concept in concepts] for language in Language
        }
        groups = sorted({concept.group for concept in concepts})
        subgroups = sorted({concept.subgroup for concept in concepts})
        self._classes = {
            "any": np.zeros(len(concepts), np.int64),
            "group": np.array([groups.index(concept.group) for concept in concepts]),
            "subgroup": np.array([subgroups.index(concept.subgroup) for concept in concepts]),
        }
        # A label that may fit too would be an unfair rival.
        wrong = meanings.matrix()[: len(concepts)] == WRONG
        self._wrong = wrong & wrong.T

    def encode_on_white(self, model: CLIPModel) -> Tensor:
        """Return the features of the artwork on white: see `encode_pictures`."""
        return encode_pictures(model, [on_plain_ground(rgba) for rgba in self.artwork.rgba])

    def scores(
        self,
        model: CLIPModel,
        language: Language,
        pictures: Tensor,
        wording: Callable[[str], str] = str,
    ) -> Logits:
        """Return logits of every picture of the artwork and every concept's name.

        Args:
            model: the model.
            language: of the names.
            pictures: features of the artwork on any ground, as `encode_pictures` returns them.
            wording: turns a name into the label.
        """
        labels = [wording(name) for name in self._names[language]]
        return logits(model, self._tokenizer, pictures, labels)

    def questions(
        self, scores: Logits, rivals: str, *, fitting: bool = True, rounds: int = 4, seed: int = 5
    ) -> Logits:
        """Return logits of questions such as a bot gets, [questions, labels].

        Args:
            scores: as `scores` returns them.
            rivals: of RIVALS: where the wrong labels come from.
            fitting: whether the first label is right; without it all labels are wrong.
            rounds: questions per picture.
            seed: of the choice of rivals.
        """
        rng = np.random.default_rng(seed)
        labels, classes = RIVALS[rivals], self._classes[rivals]
        rows = []
        for at, concept in enumerate(self.artwork.concepts.tolist()):
            candidates = np.flatnonzero((classes == classes[concept]) & self._wrong[concept])
            if len(candidates) < labels:
                continue
            for _ in range(rounds):
                chosen = rng.choice(candidates, size=labels, replace=False)
                if fitting:
                    chosen[0] = concept
                rows.append(scores[at, chosen])
        return np.stack(rows)

    def figures(self, model: CLIPModel, count: int = 400) -> dict[str, float]:
        """Return the top-1 accuracy for drawn shapes and for artwork on white, 0..1."""
        result = {}
        pictures = self.encode_on_white(model)
        for language in Language:
            for name, question in shape_questions.QUESTIONS.items():
                result[f"{name}/{language.value}"] = shape_questions.accuracy(
                    model, self._tokenizer, question, language, count, seed=99
                )
            scores = self.scores(model, language, pictures)
            for rivals in RIVALS:
                result[f"art {rivals}/{language.value}"] = top_1(self.questions(scores, rivals))
        return result

    def temperature(self, model: CLIPModel) -> float:
        """Return the factor on the logit scale that suits questions about artwork best.

        Questions about drawn shapes would give twice the factor, but they are too easy. Photos that
        people send are more like artwork: with that factor, the model would be too sure about them.
        """
        factors = []
        pictures = self.encode_on_white(model)
        for language in Language:
            scores = self.scores(model, language, pictures)
            factors += [
                calibration.best_factor(
                    self.questions(scores, rivals), self.questions(scores, rivals, fitting=False)
                )
                for rivals in RIVALS
            ]
        return float(np.exp(np.mean(np.log(factors))))

    def report(self, model: CLIPModel, step: int) -> None:
        """Print the figures, in per cent."""
        parts = [f"{name} {100 * value:.1f}" for name, value in self.figures(model).items()]
        print(f"step {step}: " + "  ".join(parts), flush=True)

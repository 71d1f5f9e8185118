"""Questions about artwork, and the figures that a training run is followed by."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor
from transformers import CLIPModel, CLIPTokenizer

from training.captions.scene_captions import WRONG
from training.drawing.shapes import Rgb
from training.emoji.artwork import Artwork
from training.emoji.concepts import Concept, Meanings
from training.measuring import calibration as calibrate
from training.measuring import shape_questions as evaluate
from training.measuring.shape_questions import Logits, Picture
from training.words.lexicon import Language

SHAPE_QUESTIONS: Final = {
    "shapes": evaluate.any_shapes,
    "alike": evaluate.alike_shapes,
    "counts": evaluate.counted_shapes,
}
# Rivals of the right label, and how many labels there are.
KINDS: Final = {"any": 10, "group": 5, "subgroup": 5}


def on_white(rgba: npt.NDArray[np.uint8], ground: Rgb = (255, 255, 255)) -> Picture:
    """A premultiplied drawing in the middle of a plain picture with some room around it."""
    side = round(len(rgba) * 1.25)
    picture = Image.new("RGB", (side, side), ground)
    drawing = Image.fromarray(rgba, "RGBa").convert("RGBA")
    corner = (side - len(rgba)) // 2
    picture.paste(drawing, (corner, corner), drawing)
    return picture


class Exam:
    """Questions about drawings that training has not seen."""

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
        self._kinds = {
            "any": np.zeros(len(concepts), np.int64),
            "group": np.array([groups.index(concept.group) for concept in concepts]),
            "subgroup": np.array([subgroups.index(concept.subgroup) for concept in concepts]),
        }
        # Labels that might also fit are no fair rivals.
        wrong = meanings.matrix()[: len(concepts)] == WRONG
        self._wrong = wrong & wrong.T

    def on_white(self, model: CLIPModel) -> Tensor:
        """What the model sees in the artwork on white: see `evaluate.seen`."""
        return evaluate.seen(model, [on_white(rgba) for rgba in self.artwork.rgba])

    def scores(
        self,
        model: CLIPModel,
        language: Language,
        pictures: Tensor,
        wording: Callable[[str], str] = str,
    ) -> Logits:
        """Logits of every picture of the artwork and every concept's name.

        Args:
            model: the model.
            language: of the names.
            pictures: what `evaluate.seen` gives for the artwork, on whatever ground.
            wording: what is said for a name.
        """
        texts = [wording(name) for name in self._names[language]]
        return evaluate.logits(model, self._tokenizer, pictures, texts)

    def questions(
        self, scores: Logits, kind: str, *, fitting: bool = True, rounds: int = 4, seed: int = 5
    ) -> Logits:
        """Logits of questions as a bot gets them: [questions, labels].

        Args:
            scores: as `scores` gives them.
            kind: of KINDS: what the rivals are.
            fitting: whether the right label is there, as the first; else all are wrong.
            rounds: questions per picture.
            seed: of the choice of rivals.
        """
        rng = np.random.default_rng(seed)
        labels, kinds = KINDS[kind], self._kinds[kind]
        rows = []
        for at, concept in enumerate(self.artwork.concepts.tolist()):
            rivals = np.flatnonzero((kinds == kinds[concept]) & self._wrong[concept])
            if len(rivals) < labels:
                continue
            for _ in range(rounds):
                chosen = rng.choice(rivals, size=labels, replace=False)
                if fitting:
                    chosen[0] = concept
                rows.append(scores[at, chosen])
        return np.stack(rows)

    def figures(self, model: CLIPModel, count: int = 400) -> dict[str, float]:
        """Top-1 of drawn shapes and of the artwork on white, both languages, 0..1."""
        result = {}
        pictures = self.on_white(model)
        for language in Language:
            for name, question in SHAPE_QUESTIONS.items():
                result[f"{name}/{language.value}"] = evaluate.accuracy(
                    model, self._tokenizer, question, language, count, seed=99
                )
            scores = self.scores(model, language, pictures)
            for kind in KINDS:
                result[f"art {kind}/{language.value}"] = top_1(self.questions(scores, kind))
        return result

    def temperature(self, model: CLIPModel) -> float:
        """The factor on the logit scale that fits questions about artwork best, of all kinds.

        Drawn shapes would ask for twice as much. They are too easy a question to go by: what
        people send is more like artwork, and there the answers would be surer than they are right.
        """
        factors = []
        pictures = self.on_white(model)
        for language in Language:
            scores = self.scores(model, language, pictures)
            factors += [
                calibrate.best_factor(
                    self.questions(scores, kind), self.questions(scores, kind, fitting=False)
                )
                for kind in KINDS
            ]
        return float(np.exp(np.mean(np.log(factors))))

    def report(self, model: CLIPModel, step: int) -> None:
        """Print the figures, in per cent."""
        parts = [f"{name} {100 * value:.1f}" for name, value in self.figures(model).items()]
        print(f"step {step}: " + "  ".join(parts), flush=True)


def top_1(questions: Logits) -> float:
    """How often the first label wins."""
    return float((questions.argmax(axis=1) == 0).mean())

"""The report on the shipped model, measured on Twemoji.

Nothing was trained, chosen or calibrated with Twemoji's drawings.
"""

import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import AutoModelForZeroShotImageClassification, CLIPModel

from inference.model.classifier import LabelSet
from inference.model.engine import Engine
from training.captions.meanings import find_meanings
from training.captions.unseen_wordings import WORDINGS, Wording
from training.emoji import artwork
from training.emoji import concepts as concept_data
from training.measuring import calibration, shape_questions, unseen_grounds
from training.measuring.artwork_evaluation import RIVALS, ArtworkEvaluation
from training.measuring.similarity import encode_pictures, top_1
from training.model import tokenizer as tokenizers
from training.words.language import Language


def table(folder: Path, cache: Path) -> dict[str, str]:
    """Return every figure as text, by its name.

    Args:
        folder: holds the model's files as they are shipped.
        cache: the folder that `fetch` filled.
    """
    started = time.perf_counter()
    engine = Engine.load(str(folder), device="cpu")
    loading = time.perf_counter() - started
    model = AutoModelForZeroShotImageClassification.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True
    )
    tokenizer = tokenizers.load(folder)
    assert isinstance(model, CLIPModel)
    concepts = concept_data.load(cache)
    twemoji = artwork.load_test_style(concepts, cache)
    test = ArtworkEvaluation(tokenizer, concepts, find_meanings(concepts), twemoji)
    figures: dict[str, str] = {}

    def percent(name: str, *values: float) -> None:
        figures[name] = " / ".join(f"{100 * value:.1f} %" for value in values)

    white = test.encode_on_white(model)
    scores = {language: test.scores(model, language, white) for language in Language}
    asked = {
        rivals: [test.questions(scores[language], rivals) for language in Language]
        for rivals in RIVALS
    }
    percent("10 random labels, white ground, English / Spanish", *map(top_1, asked["any"]))
    percent("5 labels of one group", *map(top_1, asked["group"]))
    percent("5 labels of one subgroup", *map(top_1, asked["subgroup"]))
    rng = np.random.default_rng(41)
    busy = encode_pictures(
        model, [unseen_grounds.on_busy_ground(rgba, rng) for rgba in twemoji.rgba]
    )
    percent(
        "10 random labels, busy unseen grounds",
        *(
            top_1(test.questions(test.scores(model, language, busy), "any"))
            for language in Language
        ),
    )
    for name, wording in WORDINGS.items():
        values = []
        for language in Language:

            def worded(noun: str, how: Wording = wording, language: Language = language) -> str:
                return how(noun, language, rng)

            varied = test.scores(model, language, white, worded)
            values.append(top_1(test.questions(varied, "any")))
        percent(f"10 random labels, {name}", *values)
    for name, question in shape_questions.QUESTIONS.items():
        percent(
            f"drawn: {name}",
            *(
                shape_questions.accuracy(model, tokenizer, question, language, 1000, seed=77)
                for language in Language
            ),
        )
    figures["expected calibration error, 10 labels"] = " / ".join(
        f"{calibration.expected_calibration_error(questions):.3f}" for questions in asked["any"]
    )
    figures["mean winning probability when no label fits"] = " / ".join(
        f"{calibration.probabilities(wrong).max(axis=1).mean():.2f}"
        for wrong in (test.questions(scores[i], "any", fitting=False) for i in Language)
    )
    figures["one 800×600 picture and 5 labels"] = f"{1000 * _seconds(engine):.1f} ms"
    figures["loading"] = f"{loading:.2f} s"
    return figures


def _seconds(engine: Engine, rounds: int = 50) -> float:
    """Return the median time of one picture and five labels that are in no cache."""
    picture = Image.new("RGB", (800, 600), "white")
    times = []
    for at in range(rounds):
        labels = tuple(f"a {colour} circle {at}" for colour in shape_questions.COLOURS[:5])
        started = time.perf_counter()
        engine.classify([picture], [LabelSet(labels)])
        times.append(time.perf_counter() - started)
    return float(np.median(times))


def print_table(folder: Path, cache: Path) -> None:
    """Print the figures as a Markdown table."""
    print("| figure | value |\n|---|---|")
    for name, value in table(folder, cache).items():
        print(f"| {name} | {value} |")

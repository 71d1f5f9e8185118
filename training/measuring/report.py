"""What the shipped model can do, on Twemoji: nothing was trained, chosen or calibrated by it."""

import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import AutoModelForZeroShotImageClassification, CLIPModel

from inference.model.classifier import LabelSet
from inference.model.engine import Engine
from training.emoji import artwork, concepts
from training.measuring import art_questions as exam
from training.measuring import calibration as calibrate
from training.measuring import shape_questions as evaluate
from training.measuring import unseen
from training.measuring.unseen import Wording
from training.model import tokenizer
from training.words.lexicon import Language


def table(folder: Path, cache: Path) -> dict[str, str]:
    """Every figure by its name, as text; read from the files as shipped."""
    started = time.perf_counter()
    engine = Engine.load(str(folder), device="cpu")
    loading = time.perf_counter() - started
    model = AutoModelForZeroShotImageClassification.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True
    )
    words = tokenizer.load(folder)
    assert isinstance(model, CLIPModel)
    known = concepts.load(cache)
    twemoji = artwork.load_test_style(known, cache)
    test = exam.Exam(words, known, concepts.meanings(known), twemoji)
    figures: dict[str, str] = {}

    def percent(name: str, *values: float) -> None:
        figures[name] = " / ".join(f"{100 * value:.1f} %" for value in values)

    white = test.on_white(model)
    scores = {language: test.scores(model, language, white) for language in Language}
    asked = {
        kind: [test.questions(scores[language], kind) for language in Language]
        for kind in exam.KINDS
    }
    percent("10 random labels, white ground, English / Spanish", *map(exam.top_1, asked["any"]))
    percent("5 labels of one group", *map(exam.top_1, asked["group"]))
    percent("5 labels of one subgroup", *map(exam.top_1, asked["subgroup"]))
    rng = np.random.default_rng(41)
    busy = evaluate.seen(model, [unseen.on_busy_ground(rgba, rng) for rgba in twemoji.rgba])
    percent(
        "10 random labels, busy unseen grounds",
        *(
            exam.top_1(test.questions(test.scores(model, language, busy), "any"))
            for language in Language
        ),
    )
    for name, wording in unseen.WORDINGS.items():
        values = []
        for language in Language:

            def said(noun: str, how: Wording = wording, language: Language = language) -> str:
                return how(noun, language, rng)

            dressed = test.scores(model, language, white, said)
            values.append(exam.top_1(test.questions(dressed, "any")))
        percent(f"10 random labels, {name}", *values)
    for name, question in exam.SHAPE_QUESTIONS.items():
        percent(
            f"drawn: {name}",
            *(evaluate.accuracy(model, words, question, i, 1000, seed=77) for i in Language),
        )
    figures["expected calibration error, 10 labels"] = " / ".join(
        f"{calibrate.expected_calibration_error(questions):.3f}" for questions in asked["any"]
    )
    figures["mean winning probability when no label fits"] = " / ".join(
        f"{calibrate.probabilities(wrong).max(axis=1).mean():.2f}"
        for wrong in (test.questions(scores[i], "any", fitting=False) for i in Language)
    )
    figures["one 800×600 picture and 5 labels"] = f"{1000 * _seconds(engine):.1f} ms"
    figures["loading"] = f"{loading:.2f} s"
    return figures


def _seconds(engine: Engine, rounds: int = 50) -> float:
    """Median time of one picture and five labels that it has not met, through the engine."""
    picture = Image.new("RGB", (800, 600), "white")
    times = []
    for at in range(rounds):
        labels = tuple(f"a {colour} circle {at}" for colour in evaluate.COLOURS[:5])
        started = time.perf_counter()
        engine.classify([picture], [LabelSet(labels)])
        times.append(time.perf_counter() - started)
    return float(np.median(times))


def print_table(folder: Path, cache: Path) -> None:
    """As Markdown."""
    print("| figure | value |\n|---|---|")
    for name, value in table(folder, cache).items():
        print(f"| {name} | {value} |")

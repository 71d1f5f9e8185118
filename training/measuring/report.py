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
from inference.model.photo_probe import PhotoProbe
from training.captions.meanings import Meanings, find_meanings
from training.captions.unseen_wordings import WORDINGS, Wording
from training.emoji import artwork
from training.emoji import concepts as concept_data
from training.emoji.artwork import Artwork
from training.emoji.concepts import Concept
from training.measuring import calibration, photographs, shape_questions, unseen_grounds
from training.measuring.artwork_evaluation import RIVALS, ArtworkEvaluation
from training.measuring.none_of_these import NoneOfTheseEvaluation
from training.measuring.similarity import encode_pictures, top_1
from training.model import tokenizer as tokenizers
from training.words.language import Language


def table(folder: Path, cache: Path, test_photos: Path | None = None) -> dict[str, str]:
    """Return every figure as text, by its name.

    Args:
        folder: holds the model's files as they are shipped.
        cache: the folder that `fetch` filled.
        test_photos: a folder of photographs, for the probe that tells them from drawings.
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
    meanings = find_meanings(concepts)
    twemoji = artwork.load_test_style(concepts, cache)
    test = ArtworkEvaluation(tokenizer, concepts, meanings, twemoji)
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
    figures |= _none_of_these(concepts, meanings, twemoji, cache)
    looks = photographs.drawings(twemoji, seed=3, count=len(twemoji.rgba))
    if test_photos:
        looks["photographs"] = photographs.read(test_photos)
    for name, share in photographs.shares(PhotoProbe.load(), looks).items():
        percent(f"looks like a photograph: {name}", share)
    figures["one 800×600 picture and 5 labels"] = f"{1000 * _seconds(engine):.1f} ms"
    without, with_fit = _seconds_without_and_with_the_fit()
    figures["the fit of one prepared picture and 10 labels takes"] = (
        f"{1000 * (with_fit - without):.2f} ms ({1000 * without:.2f} ms without it)"
    )
    figures["loading"] = f"{loading:.2f} s"
    return figures


def _none_of_these(
    concepts: list[Concept], meanings: Meanings, twemoji: Artwork, cache: Path
) -> dict[str, str]:
    """Return how often the model says that no label fits, English / Spanish."""
    drawings = artwork.load(concepts, cache)
    held_out = drawings.subset(artwork.validation_split(drawings))
    threshold = NoneOfTheseEvaluation(concepts, meanings, held_out).threshold()
    figures = {"threshold of none of these, for 5 % of held-out drawings": f"{threshold:.5f}"}
    test = NoneOfTheseEvaluation(concepts, meanings, twemoji)

    def percent(name: str, *values: float) -> None:
        figures[name] = " / ".join(f"{100 * value:.1f} %" for value in values)

    for ground in ("white", "busy"):
        for fitting, words in ((True, "said wrongly"), (False, "said rightly")):
            for labels in (1, 2, 5, 10, 20, 50):
                asked = (
                    test.ask(ground, language, labels, fitting=fitting, seed=9)
                    for language in Language
                )
                name = f"none of these {words}, labels: {labels}, {ground} ground"
                percent(name, *(one.alarms.mean() for one in asked))
            neutral = (
                test.single_against_neutral(ground, language, fitting=fitting)
                for language in Language
            )
            name = f"none of these {words}, one label against neutral phrases, {ground} ground"
            percent(name, *(one.mean() for one in neutral))
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


def _seconds_without_and_with_the_fit(rounds: int = 300) -> tuple[float, float]:
    """Return the median times of one prepared picture and ten known labels, measured in turns."""
    engines = [Engine.load("demo", device="cpu", none_fits=how) for how in ("off", "auto")]
    labels = [LabelSet(tuple(f"a {colour} circle" for colour in shape_questions.COLOURS[:10]))]
    picture = engines[0].prepare(Image.new("RGB", (800, 600), "white"))
    times: list[list[float]] = [[], []]
    for engine in engines:
        engine.encode_bank(float("inf"))
    for _ in range(rounds):
        for engine, own in zip(engines, times, strict=True):
            started = time.perf_counter()
            engine.compare([picture], labels)
            own.append(time.perf_counter() - started)
    without, with_fit = (float(np.median(own)) for own in times)
    return without, with_fit


def print_table(folder: Path, cache: Path, test_photos: Path | None = None) -> None:
    """Print the figures as a Markdown table; see `table`."""
    print("| figure | value |\n|---|---|")
    for name, value in table(folder, cache, test_photos).items():
        print(f"| {name} | {value} |")

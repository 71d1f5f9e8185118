"""The stages of a batch: decoding, preparing, drawing, and what happens without memory."""

import asyncio
import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference.images.decoding import decode
from inference.model.classifier import LabelSet, ScriptedClassifier
from inference.model.engine import Engine
from inference.protocol.errors import Fault, Problem, ProblemCode, TooLargeForHost
from inference.protocol.messages import ImageOutcome, Job, Reply
from inference.protocol.settings import WorkerSettings
from inference.worker.batcher import ReadJob
from inference.worker.pipeline import Pipeline
from tests.inference.pictures import picture

LABELS = ["red", "green", "blue"]


class RefusesGreen(ScriptedClassifier):
    """A classifier that can't prepare green pictures."""

    def prepare(self, image: Image.Image) -> Image.Image:
        if image.getpixel((0, 0)) == (0, 128, 0):
            raise ValueError("green")
        return image


@pytest.fixture
def pipeline() -> Iterator[Pipeline]:
    pipeline = Pipeline(RefusesGreen(), WorkerSettings())
    yield pipeline
    pipeline.close()


def a_job(*images: bytes) -> Job:
    return Job(id="job", images=list(images), labels=LABELS, reply=Reply("x"))


async def test_pictures_are_answered_between_the_steps_of_the_bank(tiny_clip_folder: Path) -> None:
    engine = Engine.load(str(tiny_clip_folder), device="cpu")
    pipeline = Pipeline(engine, WorkerSettings())
    try:
        encoding = asyncio.create_task(pipeline.encode_bank())
        found = await read(pipeline, picture("red"))
        [before], _ = await pipeline.classify([found])
        await encoding
        [after], _ = await pipeline.classify([found])
    finally:
        pipeline.close()
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert before[0].probabilities == pytest.approx(after[0].probabilities)
    assert after[0].fit is not None
    assert after[0].none_fits == (after[0].fit < 0.5)


async def test_a_bank_that_can_not_be_encoded_leaves_answers_without_fit(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def out_of_memory(seconds: float) -> bool:
        raise RuntimeError("CUDA out of memory.")

    monkeypatch.setattr(pipeline.classifier, "encode_bank", out_of_memory)
    await pipeline.encode_bank()
    assert "Everyday things can't be encoded" in caplog.text
    [outcomes], _ = await pipeline.classify([await read(pipeline, picture("red"))])
    assert isinstance(outcomes, list)
    [outcome] = outcomes
    assert outcome.probabilities
    assert outcome.fit is None


async def read(pipeline: Pipeline, *images: bytes) -> ReadJob:
    [found] = await pipeline.decode([a_job(*images)])
    return found


async def test_a_picture_that_cannot_be_prepared_is_left_to_the_model(pipeline: Pipeline) -> None:
    found = await read(pipeline, picture("red"), picture("green"), b"no picture")
    assert [ready is not None for ready in found.prepared] == [True, False, False]
    assert isinstance(found.pictures[2], Problem)
    assert found.inputs[0] is found.prepared[0]
    assert found.inputs[1] is found.pictures[1]
    [outcomes], _ = await pipeline.classify([found])
    assert isinstance(outcomes, list)
    answers = [outcome.probabilities for outcome in outcomes[:2]]
    assert [LABELS[int(np.argmax(row))] for row in answers] == ["red", "green"]


async def test_a_chart_is_drawn_although_one_picture_has_no_scores(pipeline: Pipeline) -> None:
    found = await read(pipeline, picture("red"), picture("blue"))
    broken = ImageOutcome(problem=Problem(ProblemCode.INTERNAL))
    chart, _ = await pipeline.draw(found, [ImageOutcome([0.8, 0.1, 0.1]), broken])
    with Image.open(io.BytesIO(chart)) as drawn:
        assert drawn.width == 1_000
    assert await pipeline.draw(found, [broken, broken]) == (b"", 0.0)


async def test_a_chart_shows_that_no_label_fits(pipeline: Pipeline) -> None:
    found = await read(pipeline, picture("red"))
    heights = []
    for outcome in (
        ImageOutcome([0.8, 0.1, 0.1], fit=0.9),
        ImageOutcome([0.8, 0.1, 0.1], fit=0.1, none_fits=True),
    ):
        chart, _ = await pipeline.draw(found, [outcome])
        with Image.open(io.BytesIO(chart)) as drawn:
            heights.append(drawn.height)
    assert heights[0] < heights[1]


async def test_prepared_pictures_get_the_same_scores_as_pictures(tiny_clip: Engine) -> None:
    pipeline = Pipeline(tiny_clip, WorkerSettings())
    try:
        found = await read(pipeline, picture("red"), picture("blue", (80, 50)))
    finally:
        pipeline.close()
    asked = [LabelSet(tuple(LABELS))] * 2
    expected = tiny_clip.classify(found.images, asked)
    np.testing.assert_allclose(tiny_clip.classify(found.inputs, asked), expected, atol=1e-6)
    mixed = tiny_clip.classify([found.images[0], found.inputs[1]], asked)
    np.testing.assert_allclose(mixed, expected, atol=1e-6)


def scarce(monkeypatch: pytest.MonkeyPatch, error: Exception, times: int) -> list[str]:
    """Let the first `times` decodings raise `error`; return how each decoding was called."""
    calls: list[str] = []

    def decoded(data: bytes, **options: Any) -> Image.Image:
        calls.append("beside others" if options["budget"] else "alone")
        if len(calls) <= times:
            raise error
        return decode(data, **options)

    monkeypatch.setattr("inference.worker.pipeline.decode", decoded)
    return calls


@pytest.mark.parametrize("error", [MemoryError(), TooLargeForHost(50.1)], ids=str)
async def test_a_picture_without_memory_is_tried_again_alone(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    calls = scarce(monkeypatch, error, 1)
    found = await read(pipeline, picture("red"))
    assert calls == ["beside others", "alone"]
    assert len(found.images) == 1


async def test_a_picture_too_large_for_the_host_is_not_reported_as_damaged(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls = scarce(monkeypatch, TooLargeForHost(50.1), 2)
    with caplog.at_level(logging.WARNING):
        found = await read(pipeline, picture("red"), picture("blue"))
    assert sorted(calls).count("alone") >= 1
    problems = [each for each in found.pictures if isinstance(each, Problem)]
    for problem in problems:
        assert problem == Problem(ProblemCode.TOO_LARGE_FOR_HOST, got=50.1)
        assert problem.fault is Fault.OURS
    assert len(problems) + len(found.images) == 2
    assert "Job job: no memory for one of its pictures; trying it alone." in caplog.messages


async def test_a_chart_without_memory_is_tried_again(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inference.charts import chart

    drawn: Callable[..., Image.Image] = chart.draw
    calls: list[int] = []

    def draw(*arguments: Any, **options: Any) -> Image.Image:
        calls.append(1)
        if len(calls) == 1:
            raise MemoryError
        return drawn(*arguments, **options)

    monkeypatch.setattr(chart, "draw", draw)
    found = await read(pipeline, picture("red"))
    [outcomes], _ = await pipeline.classify([found])
    assert isinstance(outcomes, list)
    file, _ = await pipeline.draw(found, outcomes)
    assert file.startswith(b"\xff\xd8\xff")

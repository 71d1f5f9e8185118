"""Reading and preparing pictures ahead of the model."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from inference.batch import ReadJob
from inference.classifier import LabelSet, ScriptedClassifier
from inference.contract import ImageOutcome, Job, Reply
from inference.engine import Engine
from inference.errors import Problem, ProblemCode
from inference.settings import WorkerSettings
from inference.stages import Stages
from tests.inference.pictures import picture

LABELS = ["red", "green", "blue"]


class Choosy(ScriptedClassifier):
    """Can't prepare anything green."""

    def prepare(self, image: Image.Image) -> Image.Image:
        if image.getpixel((0, 0)) == (0, 128, 0):
            raise ValueError("not green")
        return image


@pytest.fixture
def stages() -> Iterator[Stages]:
    stages = Stages(Choosy(), WorkerSettings())
    yield stages
    stages.close()


def a_job(*images: bytes) -> Job:
    return Job(id="job", images=list(images), labels=LABELS, reply=Reply("x"))


async def read(stages: Stages, *images: bytes) -> ReadJob:
    [found] = await stages.decode([a_job(*images)])
    return found


async def test_what_can_t_be_prepared_is_left_to_the_model(stages: Stages) -> None:
    found = await read(stages, picture("red"), picture("green"), b"no picture")
    assert [ready is not None for ready in found.prepared] == [True, False, False]
    assert isinstance(found.pictures[2], Problem)
    assert found.inputs[0] is found.prepared[0]
    assert found.inputs[1] is found.pictures[1]
    [outcomes], _ = await stages.classify([found])
    assert isinstance(outcomes, list)
    answers = [outcome.probabilities for outcome in outcomes[:2]]
    assert [LABELS[int(np.argmax(row))] for row in answers] == ["red", "green"]


async def test_a_picture_without_an_answer_has_none_in_the_chart(stages: Stages) -> None:
    found = await read(stages, picture("red"), picture("blue"))
    broken = ImageOutcome(problem=Problem(ProblemCode.INTERNAL))
    chart, _ = await stages.draw(found, [ImageOutcome([0.8, 0.1, 0.1]), broken])
    with Image.open(io.BytesIO(chart)) as drawn:
        assert drawn.width == 1_000
    assert await stages.draw(found, [broken, broken]) == (b"", 0.0)


async def test_prepared_pictures_get_the_answers_of_pictures(tiny_clip: Engine) -> None:
    stages = Stages(tiny_clip, WorkerSettings())
    try:
        found = await read(stages, picture("red"), picture("blue", (80, 50)))
    finally:
        stages.close()
    asked = [LabelSet(tuple(LABELS))] * 2
    expected = tiny_clip.classify(found.images, asked)
    np.testing.assert_allclose(tiny_clip.classify(found.inputs, asked), expected, atol=1e-6)
    mixed = tiny_clip.classify([found.images[0], found.inputs[1]], asked)
    np.testing.assert_allclose(mixed, expected, atol=1e-6)

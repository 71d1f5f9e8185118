"""A run continues where it stopped, and ends with its schedule."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import CLIPTokenizer

from training.batching.maker import BatchMaker
from training.captions.meanings import Meanings
from training.emoji.concepts import Concept, families
from training.learning.data_parallel import DataParallelGroup
from training.learning.schedule import Schedule
from training.learning.trainer import Trainer
from training.model.architecture import new_model

StartRun = Callable[[int], Trainer]


@pytest.fixture
def start_run(
    maker: BatchMaker,
    tokenizer: CLIPTokenizer,
    concepts: list[Concept],
    meanings: Meanings,
    tmp_path: Path,
) -> StartRun:
    """Return a function that starts or continues a run of a number of steps."""

    def start(steps: int) -> Trainer:
        torch.manual_seed(1)
        return Trainer(
            new_model(tokenizer),
            maker,
            Schedule(steps),
            tmp_path / "run.pt",
            torch.from_numpy(meanings.matrix()),
            torch.from_numpy(families(concepts)),
            torch.device("cpu"),
            DataParallelGroup(),
        )

    return start


def test_a_run_continues_where_it_stopped_and_ends_with_its_schedule(start_run: StartRun) -> None:
    first = start_run(2)
    reported: list[int] = []
    first.run(every=1, report=lambda _, step: reported.append(step))
    assert (first.step, reported) == (2, [1, 2])
    second = start_run(3)
    assert second.step == 2
    before = second.averaged().text_projection.weight
    second.run()
    assert second.step == 3
    assert torch.dist(second.averaged().text_projection.weight, before) > 0


def test_a_run_takes_no_step_after_its_time_is_over(start_run: StartRun) -> None:
    late = start_run(2)
    late.run(until=1.0)
    assert (late.step, late.progress) == (0, 1.0)

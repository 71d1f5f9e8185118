"""Batches come in order, from this process or from others."""

import os
from collections.abc import Iterator

import numpy as np
import pytest

from training.batching.prefetch import prefetch

forking = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


def made(step: int, ease: float) -> tuple[int, float, int, np.ndarray]:
    return step, ease, os.getpid(), np.arange(step)


@forking
@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")  # on one core
@pytest.mark.parametrize("workers", [0, 2])
def test_batches_come_in_order_from_this_process_or_from_workers(workers: int) -> None:
    arguments = [(step, 1 - step / 10) for step in range(9)]
    got = list(prefetch(made, arguments, workers))
    assert [batch[:2] for batch in got] == arguments
    assert all(isinstance(batch[3], np.ndarray) and len(batch[3]) == batch[0] for batch in got)
    makers = {batch[2] for batch in got}
    assert len(makers) == max(1, workers)
    assert (os.getpid() in makers) == (workers == 0)


def test_arguments_are_read_when_their_turn_comes() -> None:
    read = []

    def arguments() -> Iterator[tuple[int, float]]:
        for step in range(3):
            read.append(step)
            yield step, 0.0

    batches = prefetch(made, arguments(), workers=0)
    next(batches)
    assert read == [0]
    next(batches)
    assert read == [0, 1]


def failing(step: int) -> None:
    raise ValueError(f"no batch {step}")


@forking
@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_in_a_worker_is_raised_here(workers: int) -> None:
    with pytest.raises(ValueError, match="no batch 5"):
        next(prefetch(failing, [(5,)], workers))

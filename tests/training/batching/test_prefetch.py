"""Batches come in order, whoever makes them."""

import os
from collections.abc import Iterator

import numpy as np
import pytest

from training.batching.prefetch import prefetched

forking = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


def made(step: int, ease: float) -> tuple[int, float, int, np.ndarray]:
    return step, ease, os.getpid(), np.arange(step)


@forking
@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")  # on one core
@pytest.mark.parametrize("workers", [0, 2])
def test_what_is_made_comes_in_order_from_here_or_from_others(workers: int) -> None:
    lots = [(step, 1 - step / 10) for step in range(9)]
    got = list(prefetched(made, lots, workers))
    assert [batch[:2] for batch in got] == lots
    assert all(isinstance(batch[3], np.ndarray) and len(batch[3]) == batch[0] for batch in got)
    makers = {batch[2] for batch in got}
    assert len(makers) == max(1, workers)
    assert (os.getpid() in makers) == (workers == 0)


def test_lots_are_read_when_their_turn_comes() -> None:
    read = []

    def lots() -> Iterator[tuple[int, float]]:
        for step in range(3):
            read.append(step)
            yield step, 0.0

    batches = prefetched(made, lots(), workers=0)
    next(batches)
    assert read == [0]
    next(batches)
    assert read == [0, 1]


def failing(step: int) -> None:
    raise ValueError(f"no batch {step}")


@forking
@pytest.mark.parametrize("workers", [0, 1])
def test_what_fails_there_fails_here(workers: int) -> None:
    with pytest.raises(ValueError, match="no batch 5"):
        next(prefetched(failing, [(5,)], workers))

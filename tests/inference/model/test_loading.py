"""A worker loads its model, waits for one that fails, and reports one that never ends."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from itertools import islice, repeat
from operator import contains

import pytest

from inference.model.classifier import Classifier, ScriptedClassifier
from inference.model.hub import download
from inference.model.hub.download import FetchProgress
from inference.model.loading import Loader, growing_pauses, unless
from inference.protocol.errors import ModelUnavailable
from inference.protocol.messages import WorkerState


def outcomes(*steps: Exception | SystemExit | Classifier) -> Callable[[], Classifier]:
    """Return a load function that raises or returns the next of these at each call."""
    remaining = iter(steps)

    def load() -> Classifier:
        step = next(remaining)
        if isinstance(step, BaseException):
            raise step
        return step

    return load


def no_pauses() -> Iterator[float]:
    return repeat(0.0)


def test_pauses_double_up_to_a_minute() -> None:
    assert list(islice(growing_pauses(), 7)) == [2, 4, 8, 16, 32, 60, 60]


async def test_a_missing_model_is_tried_until_it_appears(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = ScriptedClassifier()
    states: list[tuple[WorkerState, str]] = []
    missing = ModelUnavailable("CLIP_MODEL is 'x/y', but the hub can't be reached.")
    loader = Loader(
        outcomes(missing, missing, model),
        on_change=lambda: states.append((loader.state, loader.reason)),
        pauses=no_pauses,
    )
    assert loader.state is WorkerState.LOADING
    assert await loader.model(asyncio.Event()) is model
    failed = (WorkerState.FAILED, "CLIP_MODEL is 'x/y', but the hub can't be reached.")
    assert states == [failed, failed, (WorkerState.READY, "")]
    assert caplog.text.count("the hub can't be reached") == 1
    assert "Traceback" not in caplog.text


async def test_each_new_reason_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    away, full = ModelUnavailable("The hub is away."), ModelUnavailable("The disk is full.")
    load = outcomes(
        away, away, full, full, away, KeyError("x"), KeyError("x"), ScriptedClassifier()
    )
    assert await Loader(load, pauses=no_pauses).model(asyncio.Event()) is not None
    told = [record.getMessage() for record in caplog.records]
    reasons = ["The hub is away.", "The disk is full.", "The hub is away.", "KeyError('x')"]
    assert all(map(contains, told, reasons))
    assert len(told) == len(reasons)


async def test_a_passing_failure_says_that_it_is_tried_again() -> None:
    stop = asyncio.Event()
    busy = ModelUnavailable("CLIP_MODEL is 'x/y', but the model hub is busy.", passing=True)
    loader = Loader(outcomes(busy), on_change=stop.set)
    assert await loader.model(stop) is None
    assert loader.reason == f"{busy} It is tried again."


async def test_a_download_s_progress_replaces_the_last_failure() -> None:
    states: list[tuple[WorkerState, str]] = []
    steps = iter(
        [FetchProgress(10, 0), FetchProgress(84_000_000, 605_000_000), FetchProgress(2, 2)]
    )

    def load() -> Classifier:
        step = next(steps)
        download.report(step)
        if not step.is_complete:
            raise ModelUnavailable("It broke off.")
        return ScriptedClassifier()

    loader = Loader(
        load,
        on_change=lambda: states.append((loader.state, loader.reason)),
        pauses=no_pauses,
    )
    assert await loader.model(asyncio.Event()) is not None
    failed = (WorkerState.FAILED, "It broke off.")
    assert states == [
        (WorkerState.LOADING, "The model is being fetched: 0.0 MB."),
        failed,
        (WorkerState.LOADING, "The model is being fetched: 84 of 605 MB."),
        failed,
        (WorkerState.LOADING, ""),
        (WorkerState.READY, ""),
    ]


async def test_a_download_that_made_progress_is_tried_again_soon() -> None:
    pauses: list[Iterator[float]] = []

    def new_pauses() -> Iterator[float]:
        pauses.append(no_pauses())
        return pauses[-1]

    def load() -> Classifier:
        if len(pauses) < 3:
            download.report(FetchProgress(len(pauses), 9))
            raise ModelUnavailable("It broke off.")
        return ScriptedClassifier()

    assert await Loader(load, pauses=new_pauses).model(asyncio.Event()) is not None
    assert len(pauses) == 3


async def test_a_download_without_progress_is_tried_again_after_longer_pauses() -> None:
    pauses: list[Iterator[float]] = []
    attempts = 0

    def new_pauses() -> Iterator[float]:
        pauses.append(no_pauses())
        return pauses[-1]

    def load() -> Classifier:
        nonlocal attempts
        attempts += 1
        download.report(FetchProgress(84, 605))  # received in an earlier attempt
        if attempts < 5:
            raise ModelUnavailable("The hub is busy.")
        return ScriptedClassifier()

    assert await Loader(load, pauses=new_pauses).model(asyncio.Event()) is not None
    assert len(pauses) == 2  # at the start, and for the 84 bytes


async def test_an_attempt_that_hangs_is_reported_and_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hangs, let_go = asyncio.Event(), threading.Event()

    def load() -> Classifier:
        let_go.wait(20)
        return ScriptedClassifier()

    loader = Loader(load, on_change=hangs.set, slow_after=0.05)
    waiting = asyncio.create_task(loader.model(asyncio.Event()))
    await asyncio.wait_for(hangs.wait(), 5)
    assert loader.state is WorkerState.LOADING
    assert "without an end" in loader.reason
    assert "without an end" in caplog.text
    let_go.set()
    assert await waiting is not None
    assert loader.reason == ""


@pytest.mark.parametrize("surprise", [KeyError("weights"), SystemExit(3)])
async def test_an_unexpected_error_is_logged_with_its_traceback_and_tried_again(
    surprise: Exception | SystemExit, caplog: pytest.LogCaptureFixture
) -> None:
    loader = Loader(outcomes(surprise, ScriptedClassifier()), pauses=no_pauses)
    assert await loader.model(asyncio.Event()) is not None
    assert "Traceback" in caplog.text


async def test_stop_ends_a_pause() -> None:
    stop = asyncio.Event()
    loader = Loader(
        outcomes(ModelUnavailable("Not there.")),
        on_change=stop.set,
        pauses=lambda: repeat(3_600.0),
    )
    assert await asyncio.wait_for(loader.model(stop), 5) is None


async def test_stop_does_not_wait_for_a_loading_model() -> None:
    begun, let_go = threading.Event(), threading.Event()

    def load() -> Classifier:
        begun.set()
        let_go.wait(20)
        return ScriptedClassifier()

    stop = asyncio.Event()
    waiting = asyncio.create_task(Loader(load).model(stop))
    await asyncio.to_thread(begun.wait, 5)
    stop.set()
    assert await asyncio.wait_for(waiting, 5) is None
    let_go.set()


async def test_unless_returns_the_result_raises_the_error_or_returns_none() -> None:
    stop = asyncio.Event()
    assert await unless(stop, asyncio.sleep(0, "done")) == "done"
    with pytest.raises(ZeroDivisionError):
        await unless(stop, _divides())
    stop.set()
    assert await unless(stop, asyncio.sleep(3_600, "done")) is None


async def _divides() -> float:
    return 1 / 0

"""Loading the model: it works, it does not yet, it never ends."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from itertools import islice, repeat

import pytest

from inference.classifier import Classifier, ScriptedClassifier
from inference.contract import WorkerState
from inference.errors import ModelUnavailable
from inference.loading import Loader, growing_pauses, unless


def outcomes(*steps: Exception | SystemExit | Classifier) -> Callable[[], Classifier]:
    """A load function that does one of these at each call."""
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
    assert caplog.text.count("the hub can't be reached") == 2
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("surprise", [KeyError("weights"), SystemExit(3)])
async def test_a_surprise_is_logged_with_its_traceback_and_tried_again(
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


async def test_stop_does_not_wait_for_a_model_that_loads() -> None:
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


async def test_unless_gives_the_result_the_error_or_nothing() -> None:
    stop = asyncio.Event()
    assert await unless(stop, asyncio.sleep(0, "done")) == "done"
    with pytest.raises(ZeroDivisionError):
        await unless(stop, _divides())
    stop.set()
    assert await unless(stop, asyncio.sleep(3_600, "done")) is None


async def _divides() -> float:
    return 1 / 0

"""The model, loaded in a thread of its own, again and again until it works.

Nothing waits for it but whoever needs the model: importing libraries takes seconds, fetching a
checkpoint minutes, and meanwhile a worker must tell its status and react to SIGTERM.
"""

import asyncio
import gc
import importlib
import logging
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from inference.classifier import Classifier
from inference.contract import WorkerState
from inference.errors import ModelUnavailable
from inference.settings import WorkerSettings

log = logging.getLogger(__name__)

T = TypeVar("T")


def load_engine(settings: WorkerSettings) -> Classifier:
    """The checkpoint that the settings name, with all that is needed to serve with it.

    Raises:
        ModelUnavailable: the text says why and what to do.
    """
    # The hub's client tells of every retry, twice; our one sentence tells what came of them. It
    # reads this when it is imported.
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
    try:
        # here and not above: NumPy, OpenVINO or torch, and matplotlib take their time to import
        from inference.engine import Engine

        importlib.import_module("inference.chart")  # the first job shall not wait for it
        engine = Engine.load(
            settings.clip_model,
            device=settings.clip_device,
            dtype=settings.clip_dtype,
            runtime=settings.clip_runtime,
            threads=settings.clip_threads,
        )
    except ImportError as error:
        raise ModelUnavailable(
            f"The model's libraries can't be imported ({error}); "
            "install them with pip install 'clipbot[worker]'."
        ) from error
    # What is there by now stays: the collector need not walk through it again at every chart, which
    # took a fifth of the chart's time.
    gc.collect()
    gc.freeze()
    return engine


def growing_pauses(first: float = 2.0, longest: float = 60.0) -> Iterator[float]:
    """2, 4, 8, … 60, 60, … seconds."""
    pause = first
    while True:
        yield pause
        pause = min(2 * pause, longest)


async def unless(stop: asyncio.Event, awaited: Awaitable[T]) -> T | None:
    """What is waited for, or None (and it is cancelled) if `stop` is set first."""
    waiting = asyncio.ensure_future(awaited)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((waiting, stopping), return_when=asyncio.FIRST_COMPLETED)
        return await waiting if waiting.done() else None
    finally:
        stopping.cancel()
        waiting.cancel()


class Loader:
    """Where a worker stands with its model.

    Attributes:
        state: LOADING until the first attempt has ended, then READY or FAILED.
        reason: why the last attempt failed; one sentence.
    """

    def __init__(
        self,
        load: Callable[[], Classifier],
        *,
        on_change: Callable[[], None] = lambda: None,
        pauses: Callable[[], Iterator[float]] = growing_pauses,
    ) -> None:
        self.state = WorkerState.LOADING
        self.reason = ""
        self._load = load
        self._on_change = on_change
        self._pauses = pauses

    async def model(self, stop: asyncio.Event) -> Classifier | None:
        """Loads until it works; None if `stop` is set first."""
        for pause in self._pauses():
            started = time.monotonic()
            try:
                model = await unless(stop, asyncio.wrap_future(self._in_thread()))
            except ModelUnavailable as error:
                self._failed(str(error))
            except Exception as error:
                log.exception("Loading the model failed.")
                self._failed(f"The model can't be loaded: {error}")
            else:
                if model is not None:
                    self._ready(model, time.monotonic() - started)
                return model
            log.info("Trying to load the model again in %g s.", pause)
            await unless(stop, asyncio.sleep(pause))
            if stop.is_set():
                break
        return None

    def _ready(self, model: Classifier, seconds: float) -> None:
        log.info("Model %s is ready on %s (loaded in %.1f s).", model.name, model.device, seconds)
        self.state, self.reason = WorkerState.READY, ""
        self._on_change()

    def _failed(self, reason: str) -> None:
        log.error("%s", reason)
        self.state, self.reason = WorkerState.FAILED, reason
        self._on_change()

    def _in_thread(self) -> "Future[Classifier]":
        future: Future[Classifier] = Future()

        future.set_running_or_notify_cancel()

        def work() -> None:
            try:
                future.set_result(self._load())
            except Exception as error:
                future.set_exception(error)
            except BaseException as error:  # SystemExit of a library must not end the worker
                future.set_exception(RuntimeError(repr(error)))

        # A daemon: an executor's thread would be waited for at exit, however long a download takes.
        threading.Thread(target=work, name="model-loader", daemon=True).start()
        return future

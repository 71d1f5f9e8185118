"""Loads the model in a thread of its own, and tries again until that works.

Importing libraries takes seconds and fetching a checkpoint takes minutes. Meanwhile a worker must
report its status and react to SIGTERM, so only what needs the model waits for it.
"""

import asyncio
import contextlib
import gc
import importlib
import logging
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from inference.model.classifier import Classifier
from inference.model.hub import checkpoint_files, download
from inference.model.hub.download import FetchProgress
from inference.protocol.errors import ModelUnavailable
from inference.protocol.messages import WorkerState
from inference.protocol.settings import WorkerSettings

log = logging.getLogger(__name__)

T = TypeVar("T")

# How often the progress of a download is reported to the worker, and logged.
_REPORT_EVERY = 1.0  # seconds
_LOG_EVERY = 30.0  # seconds
# An attempt without progress for this long is reported. Libraries, weights and an export for
# OpenVINO take a few minutes at most, even from a slow disk.
_SLOW_AFTER = 600.0  # seconds


def load_engine(settings: WorkerSettings) -> Classifier:
    """Load the checkpoint that the settings name, and import everything that serving it needs.

    Raises:
        ModelUnavailable: the model can't be loaded; one sentence says why and what to do.
    """
    # huggingface_hub logs each retry twice, but the error of the last one is reported anyway. It
    # reads this variable when it is imported.
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
    try:
        # First, since an error of the hub is known sooner than the libraries are imported.
        checkpoint_files.locate(settings.clip_model)
        # Not at the top: NumPy, OpenVINO or torch, and matplotlib are slow to import.
        from inference.model.engine import Engine

        importlib.import_module("inference.charts.chart")  # so that the first job need not wait
        engine = Engine.load(
            settings.clip_model,
            device=settings.clip_device,
            dtype=settings.clip_dtype,
            runtime=settings.clip_runtime,
            threads=settings.clip_threads,
            none_fits=settings.none_fits,
        )
    except ImportError as error:
        raise ModelUnavailable(
            f"The model's libraries can't be imported ({error}); "
            "install them with pip install 'clipbot[worker]'."
        ) from error
    # All objects that exist now will stay. Without `freeze`, the garbage collector visits them
    # during each chart, which takes a fifth of the chart's time.
    gc.collect()
    gc.freeze()
    return engine


def then_renew(model: str, load: Callable[[], Classifier]) -> Callable[[], Classifier]:
    """Return a function that calls `load` and then fetches a newer revision in the background.

    Args:
        model: as CLIP_MODEL.
        load: loads the model.
    """

    def load_and_renew() -> Classifier:
        classifier = load()
        threading.Thread(
            target=checkpoint_files.renew, args=(model,), name="model-renewal", daemon=True
        ).start()
        return classifier

    return load_and_renew


def growing_pauses(first: float = 2.0, longest: float = 60.0) -> Iterator[float]:
    """Yield pauses in seconds: 2, 4, 8, … up to 60, then always 60."""
    pause = first
    while True:
        yield pause
        pause = min(2 * pause, longest)


async def unless(stop: asyncio.Event, awaited: Awaitable[T]) -> T | None:
    """Return the result of `awaited`; if `stop` is set first, cancel it and return None."""
    waiting = asyncio.ensure_future(awaited)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((waiting, stopping), return_when=asyncio.FIRST_COMPLETED)
        return await waiting if waiting.done() else None
    finally:
        stopping.cancel()
        waiting.cancel()


class Loader:
    """Loads a worker's model and knows how far that is.

    Attributes:
        state: READY once the model is loaded, FAILED after an attempt that failed, otherwise
            LOADING; also LOADING whenever a later attempt makes progress with a download.
        reason: one sentence: why the last attempt failed, how far a download is, or that loading
            takes unusually long. Otherwise empty.
    """

    def __init__(
        self,
        load: Callable[[], Classifier],
        *,
        on_change: Callable[[], None] = lambda: None,
        pauses: Callable[[], Iterator[float]] = growing_pauses,
        slow_after: float = _SLOW_AFTER,
    ) -> None:
        """Prepare to load; `model` does it.

        Args:
            load: blocks until the model is loaded; downloads in it are reported in `reason`.
            on_change: called whenever `state` or `reason` may have changed.
            pauses: makes the pauses between attempts, in seconds.
            slow_after: seconds without progress after which an attempt is reported as slow.
        """
        self.state = WorkerState.LOADING
        self.reason = ""
        self._load = load
        self._on_change = on_change
        self._pauses = pauses
        self._slow_after = slow_after
        self._reports = 0  # of downloads, in all
        self._received = 0  # bytes
        self._made_progress = False
        self._logged_at = 0.0
        self._logged_reason = ""

    async def model(self, stop: asyncio.Event) -> Classifier | None:
        """Return the model, loading it until that works; None if `stop` is set first."""
        pauses = self._pauses()
        while not stop.is_set():
            started, self._made_progress = time.monotonic(), False
            try:
                model = await unless(stop, self._attempt())
            except ModelUnavailable as error:
                self._on_failure(f"{error} It is tried again." if error.passing else str(error))
            except Exception as error:
                self._on_failure(f"The model can't be loaded: {error!r}.", error)
            else:
                if model is not None:
                    self._on_ready(model, time.monotonic() - started)
                return model
            if self._made_progress:  # the next attempt will probably make more
                pauses = self._pauses()
            pause = next(pauses)
            log.debug("Trying to load the model again in %g s.", pause)
            await unless(stop, asyncio.sleep(pause))
        return None

    async def _attempt(self) -> Classifier:
        """Load once. Report an attempt that hangs, but wait for it.

        A second attempt at the same time would need twice the memory.
        """
        loading = asyncio.wrap_future(self._start(asyncio.get_running_loop()))
        waited = 0.0
        try:
            while not loading.done():
                reports = self._reports
                await asyncio.wait([loading], timeout=self._slow_after)
                waited = waited + self._slow_after if reports == self._reports else 0.0
                if waited and not loading.done():
                    self._on_slow(waited)
            return loading.result()
        finally:
            loading.cancel()

    def _on_ready(self, model: Classifier, seconds: float) -> None:
        log.info("Model %s is ready on %s (loaded in %.1f s).", model.name, model.device, seconds)
        self._set(WorkerState.READY, "")

    def _on_failure(self, reason: str, unexpected: Exception | None = None) -> None:
        """Log the reason, unless the previous attempt failed for the same reason."""
        if reason != self._logged_reason:
            self._logged_reason = reason
            log.error(
                "%s Further attempts that fail in the same way are not logged.",
                reason,
                exc_info=unexpected,
            )
        self._set(WorkerState.FAILED, reason)

    def _on_slow(self, seconds: float) -> None:
        reason = (
            f"The model has been loading for {seconds / 60:.0f} minutes without an end; the disk "
            "may be very slow, or another process may hold a lock. Restart the worker to try again."
        )
        log.warning("%s", reason)
        self._set(WorkerState.LOADING, reason)

    def _on_progress(self, progress: FetchProgress) -> None:
        self._reports += 1
        self._made_progress |= progress.received > self._received
        self._received = progress.received
        if progress.is_complete:
            self._set(WorkerState.LOADING, "")
            return
        report = f"The model is being fetched: {download.megabytes(progress)}."
        if time.monotonic() - self._logged_at >= _LOG_EVERY:
            self._logged_at = time.monotonic()
            log.info("%s", report)
        self._set(WorkerState.LOADING, report)

    def _set(self, state: WorkerState, reason: str) -> None:
        self.state, self.reason = state, reason
        self._on_change()

    def _start(self, loop: asyncio.AbstractEventLoop) -> "Future[Classifier]":
        future: Future[Classifier] = Future()
        future.set_running_or_notify_cancel()
        reported_at = -_REPORT_EVERY

        def report(progress: FetchProgress) -> None:
            nonlocal reported_at
            if progress.is_complete or time.monotonic() - reported_at >= _REPORT_EVERY:
                reported_at = time.monotonic()
                with contextlib.suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(self._on_progress, progress)

        def work() -> None:
            try:
                with download.reporting_to(report):
                    future.set_result(self._load())
            except Exception as error:
                future.set_exception(error)
            except BaseException as error:  # a library's SystemExit must not end the worker
                future.set_exception(RuntimeError(repr(error)))

        # A daemon thread: at exit, Python would wait until an executor's thread has ended, however
        # long its download takes.
        threading.Thread(target=work, name="model-loader", daemon=True).start()
        return future

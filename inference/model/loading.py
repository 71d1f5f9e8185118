"""The model, loaded in a thread of its own, again and again until it works.

Nothing waits for it but whoever needs the model: importing libraries takes seconds, fetching a
checkpoint minutes, and meanwhile a worker must tell its status and react to SIGTERM.
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
from inference.model.hub.download import DownloadProgress
from inference.protocol.errors import ModelUnavailable
from inference.protocol.messages import WorkerState
from inference.protocol.settings import WorkerSettings

log = logging.getLogger(__name__)

T = TypeVar("T")

# Between two reports of a download that gets on.
_REPORT_EVERY = 1.0  # seconds
_LOG_EVERY = 30.0  # seconds
# Libraries, weights and an export for OpenVINO take at most minutes, even from a slow disk.
_UNUSUAL = 600.0  # seconds


def load_engine(settings: WorkerSettings) -> Classifier:
    """The checkpoint that the settings name, with all that is needed to serve with it.

    Raises:
        ModelUnavailable: the text says why and what to do.
    """
    # The hub's client tells of every retry, twice; our one sentence tells what came of them. It
    # reads this when it is imported.
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
    try:
        # First, since what the hub says is known in less time than the libraries take to import.
        checkpoint_files.locate(settings.clip_model)
        # here and not above: NumPy, OpenVINO or torch, and matplotlib take their time to import
        from inference.model.engine import Engine

        importlib.import_module("inference.charts.chart")  # the first job shall not wait for it
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


def then_renew(model: str, load: Callable[[], Classifier]) -> Callable[[], Classifier]:
    """Return `load`, after which a newer revision is looked for in the background.

    Args:
        model: as CLIP_MODEL.
    """

    def load_and_renew() -> Classifier:
        classifier = load()
        threading.Thread(
            target=checkpoint_files.renew, args=(model,), name="model-renewal", daemon=True
        ).start()
        return classifier

    return load_and_renew


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
        state: LOADING until the first attempt has ended, and again whenever a later one gets on
            with a download; then READY or FAILED.
        reason: why the last attempt failed, how far a download is, or that loading takes unusually
            long; one sentence. Empty while all is well.
    """

    def __init__(
        self,
        load: Callable[[], Classifier],
        *,
        on_change: Callable[[], None] = lambda: None,
        pauses: Callable[[], Iterator[float]] = growing_pauses,
        unusual: float = _UNUSUAL,
    ) -> None:
        """See the class.

        Args:
            load: blocks until the model is there; what it fetches meanwhile is heard of.
            unusual: seconds without an end or a download's progress after which that is told.
        """
        self.state = WorkerState.LOADING
        self.reason = ""
        self._load = load
        self._on_change = on_change
        self._pauses = pauses
        self._unusual = unusual
        self._reports = 0
        self._received = 0  # bytes
        self._gained = False
        self._logged = 0.0
        self._told = ""

    async def model(self, stop: asyncio.Event) -> Classifier | None:
        """Loads until it works; None if `stop` is set first."""
        pauses = self._pauses()
        while not stop.is_set():
            started, self._gained = time.monotonic(), False
            try:
                model = await unless(stop, self._watched())
            except ModelUnavailable as error:
                self._failed(f"{error} It is tried again." if error.passing else str(error))
            except Exception as error:
                self._failed(f"The model can't be loaded: {error!r}.", error)
            else:
                if model is not None:
                    self._ready(model, time.monotonic() - started)
                return model
            if self._gained:  # a download got on: it need not wait for long
                pauses = self._pauses()
            pause = next(pauses)
            log.debug("Trying to load the model again in %g s.", pause)
            await unless(stop, asyncio.sleep(pause))
        return None

    async def _watched(self) -> Classifier:
        """One attempt; that it hangs is told, and it is waited for all the same.

        A second one beside it would need as much memory again.
        """
        loading = asyncio.wrap_future(self._in_thread(asyncio.get_running_loop()))
        waited = 0.0
        try:
            while not loading.done():
                reports = self._reports
                await asyncio.wait([loading], timeout=self._unusual)
                waited = waited + self._unusual if reports == self._reports else 0.0
                if waited and not loading.done():
                    self._hangs(waited)
            return loading.result()
        finally:
            loading.cancel()

    def _ready(self, model: Classifier, seconds: float) -> None:
        log.info("Model %s is ready on %s (loaded in %.1f s).", model.name, model.device, seconds)
        self._become(WorkerState.READY, "")

    def _failed(self, reason: str, surprise: Exception | None = None) -> None:
        """Say why, once for each reason: an attempt that fails in the same way is no news."""
        if reason != self._told:
            self._told = reason
            log.error("%s Attempts that end alike are not logged.", reason, exc_info=surprise)
        self._become(WorkerState.FAILED, reason)

    def _hangs(self, seconds: float) -> None:
        reason = (
            f"The model has been loading for {seconds / 60:.0f} minutes without an end; the disk "
            "may be very slow, or another process may hold a lock. Ending the worker starts anew."
        )
        log.warning("%s", reason)
        self._become(WorkerState.LOADING, reason)

    def _gets_on(self, progress: DownloadProgress) -> None:
        self._reports += 1
        self._gained |= progress.received > self._received
        self._received = progress.received
        if progress.is_complete:
            self._become(WorkerState.LOADING, "")
            return
        report = f"The model is being fetched: {download.megabytes(progress)}."
        if time.monotonic() - self._logged >= _LOG_EVERY:
            self._logged = time.monotonic()
            log.info("%s", report)
        self._become(WorkerState.LOADING, report)

    def _become(self, state: WorkerState, reason: str) -> None:
        self.state, self.reason = state, reason
        self._on_change()

    def _in_thread(self, loop: asyncio.AbstractEventLoop) -> "Future[Classifier]":
        future: Future[Classifier] = Future()
        future.set_running_or_notify_cancel()
        told = -_REPORT_EVERY

        def tell(progress: DownloadProgress) -> None:
            nonlocal told
            if progress.is_complete or time.monotonic() - told >= _REPORT_EVERY:
                told = time.monotonic()
                with contextlib.suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(self._gets_on, progress)

        def work() -> None:
            try:
                with download.heard_by(tell):
                    future.set_result(self._load())
            except Exception as error:
                future.set_exception(error)
            except BaseException as error:  # SystemExit of a library must not end the worker
                future.set_exception(RuntimeError(repr(error)))

        # A daemon: an executor's thread would be waited for at exit, however long a download takes.
        threading.Thread(target=work, name="model-loader", daemon=True).start()
        return future

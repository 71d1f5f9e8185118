"""The offer to get the real CLIP while the demo model answers.

    offered ─get─▶ fetching ─────▶ loading ─────▶ done
       ▲            │  ▲   └──────────┴──▶ failed ─get─▶ fetching
       │          pause│get
       │            ▼  │
       └──cancel── paused      (cancel works also while fetching and after a failure)

A step that comes twice, or too late, changes nothing: several tabs show the same buttons.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from time import monotonic
from typing import Any, Final

from clipbot_playground.page.download import Download, DownloadedBytes
from clipbot_playground.page.download_process import DownloadFailed
from inference.model.hub.blobs import discard_unfinished
from inference.model.hub.cache import find_complete, model_folder
from inference.protocol import tasks
from inference.protocol.errors import ModelUnavailable
from inference.protocol.models import presets

log = logging.getLogger(__name__)

# Seconds between two looks at the download, and between two questions to the hub about the size.
_LOOK_EVERY: Final = 0.5
_ASK_EVERY: Final = 10.0
# The speed is the average over so many seconds, and is shown after so many.
_SPEED_OVER, _SPEED_AFTER = 8.0, 1.0


class OfferState(StrEnum):
    """How far it is."""

    OFFERED = "offered"
    FETCHING = "fetching"
    PAUSED = "paused"
    FAILED = "failed"
    LOADING = "loading"
    DONE = "done"


class ModelOffer:
    """A model that people can have instead of the demo model.

    Args:
        fetch: fetches the model; it is cancelled to stop. Raises `DownloadFailed`.
        change_over: returns once the model answers. Raises `ModelUnavailable`.
        on_change: called when `to_json` may have changed.

    Attributes:
        state: how far it is.
        reason: why it failed, in one sentence; otherwise empty.
    """

    def __init__(
        self,
        model: str,
        fetch: Callable[[], Coroutine[Any, Any, None]],
        change_over: Callable[[], Awaitable[None]],
        on_change: Callable[[], None],
    ) -> None:
        self.state = OfferState.OFFERED
        self.reason = ""
        self._model = model
        self._fetch = fetch
        self._change_over = change_over
        self._on_change = on_change
        self._download = Download(model)
        # Until the hub tells the size, or if it can't be asked.
        self._known_size = next((m.megabytes * 10**6 for m in presets() if m.hub_id == model), 0)
        self._progress = DownloadedBytes()
        self._is_here = False
        self._samples: deque[tuple[float, int]] = deque()
        self._fetching: asyncio.Task[None] | None = None
        self._changing: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    def to_json(self) -> dict[str, Any]:
        """Return the offer for the page. `speed` is in bytes a second, `left` in seconds."""
        size = self._progress.size or self._known_size
        speed = self._speed()
        return {
            "model": self._model,
            "state": self.state,
            "reason": self.reason,
            "here": self._is_here,
            "received": min(self._progress.received, size) if size else self._progress.received,
            "size": size,
            "speed": speed,
            "left": max(0, size - self._progress.received) / speed if size and speed else None,
        }

    async def take(self, step: str) -> None:
        """Take a step: "get" the model or the rest of it, "pause", or "cancel", which deletes it.

        Raises:
            ValueError: there is no such step.
        """
        steps = {"get": self._get, "pause": self._pause, "cancel": self._cancel}
        if step not in steps:
            raise ValueError("The step must be get, pause or cancel.")
        async with self._lock:
            await steps[step]()

    async def watch(self) -> None:
        """Follow the download, and ask how large the model is. Ends the download when cancelled."""
        await self._look()
        has_begun = await asyncio.to_thread(self._has_begun)
        if has_begun and self.state is OfferState.OFFERED:
            self._become(OfferState.PAUSED)
        measuring = asyncio.create_task(self._measure())
        try:
            while True:
                await asyncio.sleep(_LOOK_EVERY)
                if self.state is OfferState.FETCHING:
                    await self._look()
        finally:
            await tasks.end(measuring, *filter(None, (self._fetching, self._changing)))

    async def _measure(self) -> None:
        """Ask the hub at the start, and again during a download, until it has told the size."""
        await self._download.measure()
        await self._look()
        while not self._download.is_measured:
            await asyncio.sleep(_ASK_EVERY)
            if self.state is OfferState.FETCHING:
                await self._download.measure()

    async def _get(self) -> None:
        if self.state in {OfferState.OFFERED, OfferState.PAUSED, OfferState.FAILED}:
            self._become(OfferState.FETCHING)
            self._fetching = asyncio.create_task(self._fetch())
            self._changing = asyncio.create_task(self._change_after(self._fetching))

    async def _cancel(self) -> None:
        await self._pause()
        if self.state in {OfferState.PAUSED, OfferState.FAILED}:
            await asyncio.to_thread(discard_unfinished, model_folder(self._model))
            await self._look()
            self._become(OfferState.OFFERED)

    async def _pause(self) -> None:
        if self._fetching and self.state is OfferState.FETCHING:
            await tasks.end(self._fetching)
            if self._fetching.cancelled():  # otherwise it came to its end just now
                await self._look()
                self._become(OfferState.PAUSED)

    async def _change_after(self, fetching: asyncio.Task[None]) -> None:
        await asyncio.wait([fetching])
        if fetching.cancelled():
            return
        try:
            await fetching
            await self._look()
            self._become(OfferState.LOADING)
            await self._change_over()
        except (DownloadFailed, ModelUnavailable) as error:
            await self._look()
            self._become(OfferState.FAILED, str(error))
        except Exception:
            log.exception("The change to the real CLIP failed.")
            self._become(OfferState.FAILED, "That did not work. The terminal shows why.")
        else:
            self._become(OfferState.DONE)

    async def _look(self) -> None:
        with contextlib.suppress(OSError):  # the cache can't be read; the download will tell why
            self._is_here, self._progress = await asyncio.to_thread(self._on_this_machine)
        now = monotonic()
        self._samples.append((now, self._progress.received))
        while now - self._samples[0][0] > _SPEED_OVER:
            self._samples.popleft()
        self._on_change()

    def _on_this_machine(self) -> tuple[bool, DownloadedBytes]:
        return find_complete(self._model) is not None, self._download.look()

    def _has_begun(self) -> bool:
        """Return whether an earlier playground, or another program, has fetched a part."""
        unfinished = any((model_folder(self._model) / "blobs").glob("*.incomplete"))
        return unfinished and self._progress.received > 0 and not self._is_here

    def _speed(self) -> float:
        if self.state is not OfferState.FETCHING or len(self._samples) < 2:
            return 0.0
        (began, before), (ended, after) = self._samples[0], self._samples[-1]
        passed = ended - began
        return max(0, after - before) / passed if passed >= _SPEED_AFTER else 0.0

    def _become(self, state: OfferState, reason: str = "") -> None:
        self.state, self.reason = state, reason
        self._samples.clear()
        self._on_change()

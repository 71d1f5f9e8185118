"""The offer of the real CLIP: its states, with a scripted download and a scripted change."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from clipbot_playground.botapi.server import BotApiServer
from clipbot_playground.page import offer as offer_module
from clipbot_playground.page.download_process import DownloadFailed
from clipbot_playground.page.event_stream import EventStream
from clipbot_playground.page.gallery import Gallery
from clipbot_playground.page.offer import ModelOffer, OfferState
from clipbot_playground.page.site import Site
from clipbot_playground.page.system_panel import SystemPanel
from inference.model.hub.cache import model_folder
from inference.protocol import tasks
from inference.protocol.errors import ModelUnavailable
from inference.protocol.settings import DEFAULT_MODEL
from tests.playground.page.listener import Listener
from tests.waiting import until


class _World:
    """What an offer does, and what becomes of it.

    Attributes:
        fetched, changed: how often a download and a change have begun.
        may_fetch, may_change: they end once these are set.
        fault: raised by the next download that ends.
        refusal: raised by the next change that ends.
    """

    def __init__(self) -> None:
        self.fetched = self.changed = self.stopped = 0
        self.may_fetch, self.may_change = asyncio.Event(), asyncio.Event()
        self.fault: Exception | None = None
        self.refusal: Exception | None = None
        self.offer = ModelOffer(DEFAULT_MODEL, self._fetch, self._change, lambda: None)

    async def _fetch(self) -> None:
        self.fetched += 1
        try:
            await self.may_fetch.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        if self.fault:
            raise self.fault

    async def _change(self) -> None:
        self.changed += 1
        await self.may_change.wait()
        if self.refusal:
            raise self.refusal

    def state(self) -> OfferState:
        return self.offer.state

    async def becomes(self, state: OfferState) -> None:
        await until(lambda: self.offer.state, state)


@pytest.fixture
def blobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the model's files in an empty cache. The hub is never asked."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(offer_module, "_LOOK_EVERY", 0.01)
    folder = model_folder(DEFAULT_MODEL) / "blobs"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
async def world(blobs: Path) -> AsyncIterator[_World]:
    world = _World()
    async with _watched(world.offer):
        yield world


@contextlib.asynccontextmanager
async def _watched(offer: ModelOffer) -> AsyncIterator[None]:
    watching = asyncio.create_task(offer.watch())
    try:
        yield
    finally:
        await tasks.end(watching)


async def test_from_the_offer_to_the_change(world: _World) -> None:
    assert world.offer.to_json()["state"] == "offered"
    assert world.offer.to_json()["size"] == 605_000_000  # known without the hub
    await world.offer.take("get")
    assert world.state() is OfferState.FETCHING
    world.may_fetch.set()
    await world.becomes(OfferState.LOADING)
    world.may_change.set()
    await world.becomes(OfferState.DONE)
    assert (world.fetched, world.changed) == (1, 1)


async def test_steps_that_come_twice_or_too_late_change_nothing(world: _World) -> None:
    for step in ("pause", "cancel"):
        await world.offer.take(step)
        assert world.state() is OfferState.OFFERED
    await asyncio.gather(*(world.offer.take("get") for _ in range(3)))
    await asyncio.gather(*(world.offer.take("pause") for _ in range(3)))
    assert world.state() is OfferState.PAUSED
    assert (world.fetched, world.stopped) == (1, 1)
    await world.offer.take("get")
    world.may_fetch.set()
    await world.becomes(OfferState.LOADING)
    for step in ("get", "pause", "cancel"):
        await world.offer.take(step)
        assert world.state() is OfferState.LOADING
    world.may_change.set()
    await world.becomes(OfferState.DONE)
    for step in ("get", "pause", "cancel"):
        await world.offer.take(step)
    assert world.state() is OfferState.DONE
    assert (world.fetched, world.changed) == (2, 1)


async def test_an_unknown_step_is_refused(world: _World) -> None:
    with pytest.raises(ValueError, match="get, pause or cancel"):
        await world.offer.take("destroy")


async def test_a_pause_that_comes_when_the_download_ends_does_not_stop_the_change(
    world: _World,
) -> None:
    await world.offer.take("get")
    world.may_fetch.set()
    await asyncio.sleep(0)  # the download is over, and nobody has noticed yet
    await world.offer.take("pause")
    world.may_change.set()
    await world.offer.take("get")  # changes nothing unless the pause came first
    await world.becomes(OfferState.DONE)
    assert world.changed == 1


async def test_a_download_that_fails_can_be_tried_again(world: _World) -> None:
    world.fault = DownloadFailed("The hub is away.")
    world.may_fetch.set()
    await world.offer.take("get")
    await world.becomes(OfferState.FAILED)
    assert world.offer.to_json()["reason"] == "The hub is away."
    world.fault = None
    world.may_change.set()
    await world.offer.take("get")
    await world.becomes(OfferState.DONE)
    assert world.offer.to_json()["reason"] == ""


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (ModelUnavailable("It can't be used."), "It can't be used."),
        (KeyError("surprise"), "That did not work. The terminal shows why."),
    ],
)
async def test_a_model_that_can_t_be_used_is_told(
    world: _World, refusal: Exception, reason: str
) -> None:
    world.refusal = refusal
    world.may_fetch.set()
    world.may_change.set()
    await world.offer.take("get")
    await world.becomes(OfferState.FAILED)
    assert world.offer.reason == reason


async def test_the_download_of_an_earlier_playground_is_paused(blobs: Path) -> None:
    partial = blobs / "abc.incomplete"
    partial.write_bytes(os.urandom(8192))
    world = _World()
    async with _watched(world.offer):
        await world.becomes(OfferState.PAUSED)
        assert world.offer.to_json()["received"] == 8192
        await world.offer.take("cancel")
        assert world.state() is OfferState.OFFERED
        assert world.offer.to_json()["received"] == 0
    await until(partial.exists, False)


async def test_speed_and_time_left_come_from_the_last_seconds(
    world: _World, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, partial = 1000.0, blobs / "abc.incomplete"
    monkeypatch.setattr(offer_module, "monotonic", lambda: now)

    async def has(size: int) -> Callable[[], object]:
        partial.write_bytes(os.urandom(size))
        await until(lambda: world.offer.to_json()["received"], size)
        return lambda: world.offer.to_json()["speed"]

    await world.offer.take("get")
    assert (await has(8192))() == 0.0  # too early to say
    for _ in range(20):
        now += 1.0
        speed = await has(partial.stat().st_size + 4096)
    assert speed() == pytest.approx(4096, rel=0.2)
    left = world.offer.to_json()["left"]
    assert left == pytest.approx(605_000_000 / 4096, rel=0.2)
    await world.offer.take("pause")
    assert (speed(), world.offer.to_json()["left"]) == (0.0, None)


async def test_the_end_of_the_playground_ends_the_download(blobs: Path) -> None:
    world = _World()
    async with _watched(world.offer):
        await world.offer.take("get")
        await until(lambda: world.fetched, 1)
    assert world.stopped == 1


async def test_only_the_own_page_can_take_a_step(
    world: _World, server: BotApiServer, system_panel: SystemPanel, page: httpx.AsyncClient
) -> None:
    own = "http://127.0.0.1:8080"
    site = Site(server, system_panel, Gallery(), world.offer)
    transport = httpx.ASGITransport(site.application)
    tab = Listener(EventStream(server, system_panel, world.offer))
    assert (await tab.hears(lambda event: event["is"] == "offer"))["state"] == "offered"
    async with httpx.AsyncClient(transport=transport, base_url=own) as client:
        get = {"step": "get"}
        foreign = await client.post("/play/offer", json=get, headers={"origin": "http://evil.test"})
        assert foreign.status_code == 403
        assert (await client.get("/play/offer")).status_code == 405
        odd = await client.post("/play/offer", json={"step": ["get"]})
        assert (odd.status_code, world.fetched) == (422, 0)
        answer = await client.post("/play/offer", json=get, headers={"origin": own})
        assert answer.status_code == 200
    server.world.notifier.notify()
    assert (await tab.hears(lambda event: event["is"] == "offer"))["state"] == "fetching"
    # There is nothing to offer beside a model that was chosen.
    assert (await page.post("/play/offer", json=get)).status_code == 404

"""When the host's clock is set, forward or back, all waits and ages stay the same."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from bot.games.rounds.pace import allowed_at
from bot.games.rules import Player, RoundConfig, RoundId
from bot.games.rules import round as rounds
from bot.games.rules.round import ANSWER_TIMEOUT, GRACE, Phase, Round
from bot.games.spec.game_spec import Urgency
from bot.runtime import clock
from bot.storage import Store, StoredAlbum
from tests.bot.scripted import a_request, failing
from tests.waiting import until

HOUR = 3_600.0


class SettableClock:
    """The host's clock, which a test can set."""

    def __init__(self) -> None:
        self.set_by = 0.0
        self._time = time.time

    def time(self) -> float:
        return self._time() + self.set_by


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> SettableClock:
    host = SettableClock()
    monkeypatch.setattr("time.time", host.time)
    return host


@contextlib.asynccontextmanager
async def watching(store: Store, host: SettableClock) -> AsyncIterator[None]:
    watch = asyncio.create_task(clock.watch(store, wall=host.time, look_every=0.01))
    await asyncio.sleep(0)  # it has looked at the clock
    yield
    watch.cancel()
    await asyncio.wait([watch])


@pytest.mark.parametrize("jump", [-HOUR, HOUR, -48 * HOUR, 30.0])
def test_steady_time_does_not_follow_the_clock(host: SettableClock, jump: float) -> None:
    before = clock.steady()
    host.set_by = jump
    assert 0 <= clock.steady() - before < 1


async def add_item(store: Store, settle: float) -> None:
    await store.add_album_item(
        7, "g", 1, b"item", user_id=7, edited=False, revision=11, settle=settle
    )


@pytest.mark.parametrize("jump", [-HOUR, HOUR, -60.0])
async def test_an_album_settles_after_its_time(
    store: Store, host: SettableClock, jump: float
) -> None:
    await add_item(store, 0.05)
    host.set_by = jump
    due = await store.next_album_due()
    assert due
    assert due - clock.steady() < 0.05
    await until(store.due_albums, [StoredAlbum(7, "g", 11)], 5.0)


@pytest.mark.parametrize("jump", [HOUR, 24 * HOUR])
async def test_an_album_does_not_settle_before_its_time(
    store: Store, host: SettableClock, jump: float
) -> None:
    await add_item(store, 60.0)
    host.set_by = jump
    assert await store.due_albums() == []


async def test_an_album_stored_before_the_clock_was_set_back_is_due(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as an_hour_ahead:
        an_hour_ahead.setattr(clock, "_BEGAN", clock._BEGAN + HOUR)
        await add_item(store, 1.5)
    assert await store.due_albums() == [StoredAlbum(7, "g", 11)]
    due = await store.next_album_due()
    assert due
    assert due <= clock.steady()


async def test_an_album_is_never_put_off_for_long(store: Store) -> None:
    await add_item(store, 0.0)
    await store.put_off_album(StoredAlbum(7, "g", 11), 24 * HOUR)
    due = await store.next_album_due()
    assert due
    assert due <= clock.steady() + 600


@pytest.mark.parametrize("jump", [-HOUR, HOUR, 60 * 24 * HOUR])
async def test_waits_and_ages_are_those_without_the_jump(
    store: Store, host: SettableClock, jump: float
) -> None:
    request = a_request()
    await store.record_job(request)
    await store.record_question(7, 100, 7, request.media)
    await store.record_answer(request.ref, 55, is_chart=False)
    recorded = await store.job(request.id)
    assert recorded
    async with watching(store, host):
        host.set_by = jump

        async def is_moved() -> bool:
            job = await store.job(request.id)
            return job is not None and abs(job.created_at - recorded.created_at - jump) < 1

        await until(is_moved, True)
    assert await store.waiting_longer_than(60) == []
    assert [job.id for job in await store.waiting_longer_than(-60)] == [request.id]
    assert await store.jobs_in_flight(7) == 1
    assert await store.open_question(7, 7) == (100, request.media)
    await store.prune()
    assert await store.job(request.id)
    assert await store.answer_to(7, 1)


async def test_records_whose_database_is_away_are_moved_when_it_is_back(
    store: Store, host: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.record_job(a_request())
    away = failing(monkeypatch, store, "move", 3)
    async with watching(store, host):
        host.set_by = HOUR

        async def is_moved() -> bool:
            job = await store.job(a_request().id)
            return job is not None and abs(job.created_at - host.time()) < 60

        await until(is_moved, True)
    assert away == []


async def test_rows_written_after_the_jump_are_not_moved(store: Store, host: SettableClock) -> None:
    for jump in (HOUR, -HOUR):
        host.set_by += jump
        await store.record_job(a_request())
        await store.move(jump, host.time(), fresh=2.0)
        job = await store.job(a_request().id)
        assert job
        assert abs(job.created_at - host.time()) < 2


async def test_a_start_sets_times_in_the_future_to_now(store: Store, host: SettableClock) -> None:
    host.set_by = HOUR
    await store.record_job(a_request())
    host.set_by = 0.0
    async with watching(store, host):

        async def age() -> bool:
            job = await store.job(a_request().id)
            return job is not None and abs(job.created_at - host.time()) < 60

        await until(age, True)


def playing(phase: Phase, opened_at: float, ends_at: float) -> Round:
    config = RoundConfig(RoundId(-1, 1), Player(7, "Alice"), seconds=30.0)
    return Round(config=config, phase=phase, opened_at=opened_at, ends_at=ends_at)


@pytest.mark.parametrize(
    ("phase", "length"), [(Phase.OPEN, 30.0), (Phase.JUDGING, ANSWER_TIMEOUT)], ids=str
)
def test_a_round_stored_before_the_clock_was_set_back_lasts_no_longer_than_a_new_one(
    phase: Phase, length: float
) -> None:
    now = 1_000_000.0
    there = rounds.resumed(playing(phase, now + HOUR - 10, now + HOUR + 20), now)
    assert there.ends_at == now + length
    assert there.opened_at is not None
    if phase is Phase.OPEN:
        assert there.opened_at == now


@pytest.mark.parametrize("left", [25.0, 5.0, -HOUR])
def test_a_round_goes_on_after_a_crash(left: float) -> None:
    now = 1_000_000.0
    there = rounds.resumed(playing(Phase.OPEN, now + left - 30, now + left), now)
    assert (there.opened_at, there.ends_at) == (now + left - 30, now + max(left, GRACE))


def test_calls_stored_before_the_clock_was_set_back_delay_nothing() -> None:
    now = 1_000_000.0
    later = [now + HOUR + second for second in range(10)]
    for urgency in Urgency:
        assert allowed_at(later, urgency, now) == now
    assert allowed_at([now - 1] * 6, Urgency.RESULT, now) == now + 59

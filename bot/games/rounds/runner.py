"""Rounds under way: what happens to them is stepped, stored, and then carried out."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import NoReturn

import msgspec

from bot.games.rounds.boards import chart_title
from bot.games.rounds.jobs import GameJobRef, GameJobs, errand_of, is_of_a_game, verdict
from bot.games.rounds.pace import EDIT_EVERY, EditPace
from bot.games.rounds.presenter import Look, Presenter
from bot.games.rounds.store import RoundStore, StoredRound
from bot.games.rules import State, begin, step, wakes_at
from bot.games.rules.events import (
    Awards,
    Effect,
    Event,
    Forgotten,
    Judged,
    JudgeRequest,
    Resumed,
    Shown,
    Tick,
    Toast,
)
from bot.games.rules.round import Note, Phase
from bot.platform.ports import ChatPlatform, FileTooBig, RetryLater, TargetGone
from bot.queues import AWAY
from bot.runtime.clock import steady
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.retry import Retries, retry
from bot.storage import DATABASE_AWAY, Store
from inference.protocol.errors import QueueFull, QueueUnavailable
from inference.protocol.messages import Result

log = logging.getLogger(__name__)

# A round that can't be shown by our fault is given up after so many tries: it would block its chat.
_ATTEMPTS = 5
# With no deadline and no news a host looks up so often, in seconds; costs one small query.
_LOOK_UP = 60.0
# A stop waits so long for a send or an edit that is under way, in seconds.
_LAST_CALL = 3.0
# A new round waits so long for the last one, which is over, to be shown as such, in seconds. Its
# result is out at once, but its board is edited in its turn (`EDIT_EVERY`).
_CLEARED_WITHIN = 3 * EDIT_EVERY

Place = tuple[int, int | None]  # chat and topic


class GameRunner:
    """All rounds of one bot. One event at a time happens to a round; rounds go on side by side."""

    def __init__(
        self,
        store: Store,
        platform: ChatPlatform,
        jobs: GameJobs,
        edits: EditPace,
        clock: Callable[[], float] = steady,
    ) -> None:
        self._rounds = RoundStore(store)
        self._jobs = jobs
        self._clock = clock
        self._showman = Presenter(self._rounds, platform, clock, edits)
        self._lanes = KeyedLock()
        self._hosts: dict[Place, asyncio.Task[None]] = {}
        self._news: dict[Place, asyncio.Event] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._retries = Retries(AWAY, _ATTEMPTS)

    async def begin(self, state: State) -> Phase | None:
        """Begins a round; returns the phase of another one that is in its way, if there is one.

        The message that began a round does not begin a second one. A round that is over, and has
        yet to be shown as such, is waited for.
        """
        place = state.table.id.chat_id, state.table.thread_id
        phase = await self._begin(place, state)
        if phase is Phase.OVER:
            await asyncio.wait([self._host(place)], timeout=_CLEARED_WITHIN)
            phase = await self._begin(place, state)
        return phase

    async def round_at(self, chat_id: int, thread_id: int | None) -> StoredRound | None:
        """The round under way at a place, over but not yet shown as such included."""
        return await self._rounds.at(chat_id, thread_id)

    async def happens(self, chat_id: int, thread_id: int | None, event: Event) -> Toast | None:
        """Lets an event happen to the round at a place; returns what to tell whoever acted."""
        return await self._happens((chat_id, thread_id), event)

    async def forget(self, user_id: int) -> None:
        """Takes a person out of all rounds under way."""
        for row in await self._rounds.all():
            await self._happens((row.id.chat_id, row.thread_id), Forgotten(user_id))

    def wants(self, result: Result) -> bool:
        """Whether a result answers a question of a round."""
        return is_of_a_game(result)

    async def take(self, result: Result) -> None:
        """CLIP's answer to a question of a round.

        Raises:
            DATABASE_AWAY: it is not stored; it shall come again.
        """
        try:
            errand = errand_of(result)
        except msgspec.DecodeError:
            log.exception("A result of a game can't be read; it is dropped.")
            return
        # A worker of before 0.1 draws a chart for every job, asked or not.
        chart = result.chart if errand.draw else b""
        await self._judged(errand, verdict(result, errand), chart)

    async def resume(self) -> None:
        """Takes up the rounds that a stop or a crash left.

        Before anything else can happen to them: the time of our absence must not count. And again
        where the queue lost what they asked.
        """
        for row in await self._rounds.all():
            await self._happens((row.id.chat_id, row.thread_id), Resumed())

    async def watch(self) -> NoReturn:
        """Hosts all rounds until it is cancelled; `resume` comes first."""
        try:
            for row in await self._rounds.all():
                self._host((row.id.chat_id, row.thread_id))
            await asyncio.Event().wait()
            raise AssertionError
        finally:
            tasks = [*self._hosts.values(), *self._asking]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._hosts.clear()

    async def _begin(self, place: Place, state: State) -> Phase | None:
        first, effects = begin(state)
        async with self._lanes.turn(place):
            while not await self._rounds.add(first):
                there = await self._rounds.at(*place)
                if there is None:
                    continue  # it went just now
                if there.id != first.table.id:
                    return there.state.phase
                if there.state != first:  # else it may have been stored, and we heard an error
                    effects = ()
                break
            self._carry_out(first, effects)
        self._host(place)
        return None

    async def _judged(self, errand: GameJobRef, event: Judged, chart: bytes) -> None:
        await self._happens((errand.chat_id, errand.thread_id), event, chart)

    async def _happens(self, place: Place, event: Event, chart: bytes = b"") -> Toast | None:
        async with self._lanes.turn(place):
            row = await self._rounds.at(*place)
            if row is None:
                return Toast(Note.OVER)
            now = self._clock()
            state, effects = step(row.state, event, now)
            if state != row.state:
                awards = [a for e in effects if isinstance(e, Awards) for a in e.awards]
                await self._rounds.save(state, now=now, chart=chart or None, awards=awards)
                self._news.setdefault(place, asyncio.Event()).set()
            self._carry_out(state, effects)
        return next((effect for effect in effects if isinstance(effect, Toast)), None)

    def _carry_out(self, state: State, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, JudgeRequest):
                task = asyncio.create_task(self._ask(state, effect))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)

    async def _ask(self, state: State, ask: JudgeRequest) -> None:
        """Until it is asked, or the round is over."""

        async def ask_once(attempt: int) -> None:
            if attempt == 1 or await self._is_on(state):
                await self._ask_once(state, ask)

        await retry(ask_once, f"Round {state.table.id}", AWAY)

    async def _is_on(self, state: State) -> bool:
        table = state.table
        row = await self._rounds.at(table.id.chat_id, table.thread_id)
        return bool(row and row.id == table.id and row.state.phase is not Phase.OVER)

    async def _ask_once(self, state: State, ask: JudgeRequest) -> None:
        """Raises TryAgain, QueueFull, QueueUnavailable, DATABASE_AWAY: not now."""
        table = state.table
        try:
            await self._jobs.publish(state, ask, chart_title(state))
        except (TargetGone, FileTooBig) as error:
            log.info("Round %s: its picture can't be had (%s).", table.id, error)
        except (RetryLater, QueueFull, QueueUnavailable):
            raise
        except Exception:
            log.exception("Round %s: CLIP can't be asked.", table.id)
        else:
            return
        errand = GameJobRef(table.id.chat_id, table.thread_id, table.id.number, ask.key)
        await self._judged(errand, Judged(table.id, ask.key), b"")

    def _host(self, place: Place) -> asyncio.Task[None]:
        """The task that looks after a place until there is no round any more."""
        if place not in self._hosts or self._hosts[place].done():
            self._hosts[place] = asyncio.create_task(self._keep_hosting(place))
        return self._hosts[place]

    async def _keep_hosting(self, place: Place) -> None:
        news = self._news.setdefault(place, asyncio.Event())
        try:
            while await self._look_after(place, news):
                pass
        finally:
            del self._hosts[place]
            self._news.pop(place, None)
        try:  # begun in the very moment in which the last ended
            is_there = await self._rounds.at(*place) is not None
        except DATABASE_AWAY:
            is_there = True  # maybe; whoever hosts it looks again, and waits for the database
        if is_there:
            self._host(place)

    async def _look_after(self, place: Place, news: asyncio.Event) -> bool:
        """Ticks, shows, waits; False when there is no round any more."""
        news.clear()
        row = None
        try:
            row = await self._rounds.at(*place)
            if row is None:
                return False
            again_at = await self._attend(place, row)
        except Exception as error:
            again_in = self._retries.after(error, f"The round at {place}", place)
            if again_in is None and row:
                with contextlib.suppress(*DATABASE_AWAY):  # it then fails once more
                    await self._rounds.end(row.state)
            again_at = self._clock() + (again_in or 1.0)
        else:
            self._retries.forget(place)
        pause = _LOOK_UP if again_at is None else again_at - self._clock()
        if pause > 0:
            # Not wait_for: before Python 3.12 that swallows a cancellation that comes with news.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await news.wait()
        return True

    async def _looked(self, row: StoredRound) -> Look:
        """As `Presenter.look`; a stop lets a call under way end, or it would be made once more."""
        looking = asyncio.create_task(self._showman.look(row))
        try:
            return await asyncio.shield(looking)
        except asyncio.CancelledError:
            await asyncio.wait([looking], timeout=_LAST_CALL)
            looking.cancel()
            raise

    async def _attend(self, place: Place, row: StoredRound) -> float | None:
        """Returns when to look again."""
        if row.state.phase is Phase.OPENING and row.display.board_id is not None:
            await self._happens(place, Shown())
            return self._clock()
        wakes = wakes_at(row.state)
        if wakes is not None and wakes <= self._clock():
            await self._happens(place, Tick())
            return self._clock()
        shown = await self._looked(row)
        if shown.is_done:
            async with self._lanes.turn(place):
                await self._rounds.end(row.state)
        times = [time for time in (wakes, shown.again_at) if time is not None]
        return self._clock() if shown.is_done else min(times, default=None)

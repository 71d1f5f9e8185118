"""Running rounds: the rules step each event, the state is stored, the effects are carried out."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any, NoReturn

import msgspec

from bot.games.registry import game_of
from bot.games.rounds.jobs import GameJobRef, GameJobs, is_of_a_game, job_ref_of, judged
from bot.games.rounds.pace import EDIT_EVERY, EditPace
from bot.games.rounds.personal import part_of
from bot.games.rounds.presenter import NextCall, Presenter
from bot.games.rounds.store import RoundStore, StoredRound
from bot.games.rules.events import (
    Awards,
    BoardShown,
    Effect,
    Event,
    Forgotten,
    Judged,
    JudgeRequest,
    Resumed,
    Tick,
    Toast,
)
from bot.games.rules.round import Note, Phase, Round
from bot.platform.ports import ChatPlatform, FileTooBig, RetryLater, TargetGone
from bot.queues import AWAY
from bot.runtime.clock import steady
from bot.runtime.keyed_lock import KeyedLock
from bot.runtime.retry import Retries, retry
from bot.storage import DATABASE_AWAY, Store
from inference.protocol.errors import QueueFull, QueueUnavailable
from inference.protocol.messages import Result

log = logging.getLogger(__name__)

# A round that fails this often by our own fault is removed: it would block its chat.
_ATTEMPTS = 5
# Without a deadline and without changes, a round is looked at this often, in seconds. It costs one
# small query.
_LOOK_EVERY = 60.0
# When the bot stops, a send or an edit that has begun gets this long to end, in seconds.
_STOP_TIMEOUT = 3.0
# A new round waits this long, in seconds, until the board of the last one shows that it is over.
# That one's result is sent at once, but its board is edited only every `EDIT_EVERY` seconds.
_CLEARED_WITHIN = 3 * EDIT_EVERY

TopicKey = tuple[int, int | None]  # chat, and topic of a forum if it is one


class GameRunner:
    """All rounds of one bot, at most one in each topic of a chat. They go on in parallel.

    Each topic with a round has a task, its *watcher*: it sends ticks in time and shows the round.
    """

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
        self._presenter = Presenter(self._rounds, platform, clock, edits)
        self._locks = KeyedLock()
        self._watchers: dict[TopicKey, asyncio.Task[None]] = {}
        self._changed: dict[TopicKey, asyncio.Event] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._retries = Retries(AWAY, _ATTEMPTS)

    async def begin(self, state: Round) -> Phase | None:
        """Begin a round; return the phase of another round that is in its way, if there is one.

        The message that began a round does not begin a second one. If the last round is over, but
        its board does not show that yet, the new one waits for that.
        """
        topic = state.config.id.chat_id, state.config.thread_id
        phase = await self._begin(topic, state)
        if phase is Phase.OVER:
            await asyncio.wait([self._watcher(topic)], timeout=_CLEARED_WITHIN)
            phase = await self._begin(topic, state)
        return phase

    async def round_at(self, chat_id: int, thread_id: int | None) -> StoredRound | None:
        """Return the round in a topic; also one that is over, until its board shows that."""
        return await self._rounds.at(chat_id, thread_id)

    async def happens(self, chat_id: int, thread_id: int | None, event: Event) -> Toast | None:
        """Let an event happen to the round in a topic; return what to tell the person who acted."""
        return await self._happens((chat_id, thread_id), event)

    async def forget(self, user_id: int) -> None:
        """Remove a person from all running rounds."""
        for row in await self._rounds.all():
            await self._happens((row.id.chat_id, row.thread_id), Forgotten(user_id))

    async def rounds_of(self, user_id: int) -> list[dict[str, Any]]:
        """Return a person's parts in all running rounds, readable."""
        found = [part_of(row.state, user_id) for row in await self._rounds.all()]
        return [part for part in found if part]

    def wants(self, result: Result) -> bool:
        """Return whether a result answers a question of a round."""
        return is_of_a_game(result)

    def lane(self, _result: Result) -> None:
        """Let results wait for no others: taking one sends nothing to the chat."""

    async def give_up(self, result: Result) -> None:
        """Leave the round to end by itself, when its time to be judged is over."""

    async def take(self, result: Result) -> None:
        """Take CLIP's answer to a question of a round.

        Raises:
            DATABASE_AWAY: the answer is not stored; the queue must deliver it again.
        """
        try:
            ref = job_ref_of(result)
        except msgspec.DecodeError:
            log.exception("A result of a game can't be read; it is dropped.")
            return
        # Workers of releases before 0.1 draw a chart for every job, also if none is wanted.
        chart = result.chart if ref.draw else b""
        await self._judged(ref, judged(result, ref), chart)

    async def resume(self) -> None:
        """Resume the rounds that a stop or a crash left, or whose questions the queue has lost.

        At the start this comes before anything else happens to them: the time that the bot was away
        must not count.
        """
        for row in await self._rounds.all():
            await self._happens((row.id.chat_id, row.thread_id), Resumed())

    async def watch(self) -> NoReturn:
        """Keep all rounds going until this is cancelled. Call `resume` first."""
        try:
            for row in await self._rounds.all():
                self._watcher((row.id.chat_id, row.thread_id))
            await asyncio.Event().wait()
            raise AssertionError
        finally:
            tasks = [*self._watchers.values(), *self._asking]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._watchers.clear()

    async def _begin(self, topic: TopicKey, state: Round) -> Phase | None:
        first, effects = game_of(state).begin(state)
        async with self._locks.turn(topic):
            while not await self._rounds.add(first):
                there = await self._rounds.at(*topic)
                if there is None:
                    continue  # it has just been removed
                if there.id != first.config.id:
                    return there.state.phase
                if there.state != first:  # else it is ours: it was stored although the call failed
                    effects = ()
                break
            self._carry_out(first, effects)
        self._watcher(topic)
        return None

    async def _judged(self, ref: GameJobRef, event: Judged, chart: bytes) -> None:
        await self._happens((ref.chat_id, ref.thread_id), event, chart)

    async def _happens(self, topic: TopicKey, event: Event, chart: bytes = b"") -> Toast | None:
        async with self._locks.turn(topic):
            row = await self._rounds.at(*topic)
            if row is None:
                return Toast(Note.OVER)
            now = self._clock()
            state, effects = game_of(row.state).step(row.state, event, now)
            if state != row.state:
                awards = [a for e in effects if isinstance(e, Awards) for a in e.awards]
                await self._rounds.save(state, now=now, chart=chart or None, awards=awards)
                self._changed.setdefault(topic, asyncio.Event()).set()
            self._carry_out(state, effects)
        return next((effect for effect in effects if isinstance(effect, Toast)), None)

    def _carry_out(self, state: Round, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, JudgeRequest):
                task = asyncio.create_task(self._ask(state, effect))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)

    async def _ask(self, state: Round, request: JudgeRequest) -> None:
        """Ask CLIP; try again until the question is queued or the round is over."""

        async def ask_once(attempt: int) -> None:
            if attempt == 1 or await self._is_on(state):
                await self._ask_once(state, request)

        await retry(ask_once, f"Round {state.config.id}", AWAY)

    async def _is_on(self, state: Round) -> bool:
        config = state.config
        row = await self._rounds.at(config.id.chat_id, config.thread_id)
        return bool(row and row.id == config.id and row.state.phase is not Phase.OVER)

    async def _ask_once(self, state: Round, request: JudgeRequest) -> None:
        """Ask CLIP. Raises RetryLater, QueueFull, QueueUnavailable, DATABASE_AWAY: not now."""
        config = state.config
        try:
            await self._jobs.publish(state, request)
        except (TargetGone, FileTooBig) as error:
            log.info("The picture of round %s can't be fetched: %s", config.id, error)
        except (RetryLater, QueueFull, QueueUnavailable):
            raise
        except Exception:
            log.exception("Round %s can't ask CLIP.", config.id)
        else:
            return
        ref = GameJobRef(config.id.chat_id, config.thread_id, config.id.number, request.key)
        await self._judged(ref, Judged(config.id, request.key), b"")

    def _watcher(self, topic: TopicKey) -> asyncio.Task[None]:
        """Return the watcher of a topic: the task that ends when there is no round any more."""
        if topic not in self._watchers or self._watchers[topic].done():
            self._watchers[topic] = asyncio.create_task(self._watch_topic(topic))
        return self._watchers[topic]

    async def _watch_topic(self, topic: TopicKey) -> None:
        changed = self._changed.setdefault(topic, asyncio.Event())
        try:
            while await self._watch_once(topic, changed):
                pass
        finally:
            del self._watchers[topic]
            self._changed.pop(topic, None)
        try:  # a round may have begun at the moment when the last one ended
            is_there = await self._rounds.at(*topic) is not None
        except DATABASE_AWAY:
            is_there = True  # perhaps; a new watcher looks again, and waits for the database
        if is_there:
            self._watcher(topic)

    async def _watch_once(self, topic: TopicKey, changed: asyncio.Event) -> bool:
        """Do what is due, and wait for what comes next; return False when there is no round."""
        changed.clear()
        row = None
        try:
            row = await self._rounds.at(*topic)
            if row is None:
                return False
            again_at = await self._do_next(topic, row)
        except Exception as error:
            again_in = self._retries.after(error, f"The round at {topic}", topic)
            if again_in is None and row:
                with contextlib.suppress(*DATABASE_AWAY):  # it fails again, and is removed then
                    await self._rounds.end(row.state)
            again_at = self._clock() + (again_in or 1.0)
        else:
            self._retries.forget(topic)
        pause = _LOOK_EVERY if again_at is None else again_at - self._clock()
        if pause > 0:
            # Not wait_for(): before Python 3.12 it may swallow a cancellation.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await changed.wait()
        return True

    async def _do_next(self, topic: TopicKey, row: StoredRound) -> float | None:
        """Do one thing: an event that is due, or a call to the platform; return when to go on."""
        if row.state.phase is Phase.OPENING and row.display.board_id is not None:
            await self._happens(topic, BoardShown())
            return self._clock()
        wakes = game_of(row.state).wakes_at(row.state)
        if wakes is not None and wakes <= self._clock():
            await self._happens(topic, Tick())
            return self._clock()
        next_call = await self._show(row)
        if next_call.is_done:
            async with self._locks.turn(topic):
                await self._rounds.end(row.state)
        times = [time for time in (wakes, next_call.at) if time is not None]
        return self._clock() if next_call.is_done else min(times, default=None)

    async def _show(self, row: StoredRound) -> NextCall:
        """Show a round. A stop waits for a call that has begun; else the next start repeats it."""
        showing = asyncio.create_task(self._presenter.show(row))
        try:
            return await asyncio.shield(showing)
        except asyncio.CancelledError:
            await asyncio.wait([showing], timeout=_STOP_TIMEOUT)
            showing.cancel()
            raise

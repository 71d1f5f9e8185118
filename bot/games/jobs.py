"""A game's questions to CLIP: fetched, queued, and their answers recognised."""

import asyncio

import msgspec

from bot.games.rules import State
from bot.games.rules.events import Judged, JudgeRequest
from bot.games.rules.round import RoundId
from bot.i18n import speak
from bot.platform.ports import ChatPlatform, FileTooBig
from bot.runtime.metrics import Metrics
from inference.protocol.broker.client import Queue, jobs_subject, results_subject
from inference.protocol.errors import MessageTooLarge
from inference.protocol.messages import Job, Reply, Result, encode

# Results of games carry this before their data, so that the deliverer can tell them apart.
PREFIX = b"game "
# Pictures in memory at once.
_AT_ONCE = 6


class GameJobRef(msgspec.Struct, frozen=True):
    """Which question of which round a result answers.

    Attributes:
        draw: its chart was asked for.
    """

    chat_id: int
    thread_id: int | None
    number: int
    key: str
    draw: bool = False


_errand = msgspec.msgpack.Decoder(GameJobRef)


class GameJobs:
    """Asks the workers.

    Args:
        model: whose workers are asked; empty: any.
    """

    def __init__(
        self,
        queue: Queue,
        platform: ChatPlatform,
        metrics: Metrics,
        *,
        bot_id: int,
        model: str = "",
    ) -> None:
        self._queue = queue
        self._platform = platform
        self._metrics = metrics
        self._bot_id = bot_id
        self._model = model
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    async def publish(self, state: State, ask: JudgeRequest, title: str) -> None:
        """Queues a question; the same question again changes nothing.

        Raises:
            Gone, TooBig: the picture can't be had.
            TryAgain, QueueFull, QueueUnavailable: not now.
        """
        table = state.table
        errand = GameJobRef(table.id.chat_id, table.thread_id, table.id.number, ask.key, ask.draw)
        words = speak(table.language).chart_words()
        async with self._at_once:
            job = Job(
                id=f"{self._bot_id}.game.{table.id.chat_id}.{table.id.number}.{ask.key}",
                images=[await self._platform.fetch(ask.media)],
                labels=list(ask.labels),
                captions=list(ask.captions),
                merge_above=ask.merge_above,
                draw=ask.draw,
                fingerprint=ask.fingerprint,
                locale=table.language,
                words=msgspec.structs.replace(words, title=title),
                reply=Reply(results_subject(self._bot_id), PREFIX + msgspec.msgpack.encode(errand)),
                model=self._model,
            )
            try:
                await self._queue.publish(jobs_subject(self._model), encode(job), job.id)
            except MessageTooLarge as error:
                raise FileTooBig(str(error)) from error
        self._metrics.jobs.inc()


def is_of_a_game(result: Result) -> bool:
    """Whether a result answers a game's question."""
    return result.reply.data.startswith(PREFIX)


def errand_of(result: Result) -> GameJobRef:
    """Which question a game's result answers.

    Raises:
        msgspec.DecodeError: it is of another version of clipbot.
    """
    return _errand.decode(result.reply.data.removeprefix(PREFIX))


def verdict(result: Result, errand: GameJobRef) -> Judged:
    """A result as the rules see it."""
    round_id = RoundId(errand.chat_id, errand.number)
    if result.problem or not result.images or result.images[0].problem:
        return Judged(round_id, errand.key)
    (outcome, *_) = result.images
    return Judged(
        round_id,
        errand.key,
        _shares(outcome.probabilities) if result.sigmoid_scores else tuple(outcome.probabilities),
        tuple(outcome.same_as),
        outcome.fingerprint,
    )


def _shares(scores: list[float]) -> tuple[float, ...]:
    """Independent scores as shares of their sum, which is what all rules compare.

    Sigmoids of all labels may be near 0: margins and points would be too. A single one is no share
    of anything and stays as it is.
    """
    total = sum(scores)
    if len(scores) < 2 or total <= 0:
        return tuple(scores)
    return tuple(score / total for score in scores)

"""A game's questions to CLIP: fetched, queued, and their answers recognised."""

import msgspec

from bot.games.rules import State
from bot.games.rules.events import Judged, JudgeRequest
from bot.games.rules.round import RoundId
from bot.i18n import speak
from bot.platform.ports import FileTooBig
from bot.queues.job_publisher import JobPublisher, PicturesTooLarge
from inference.protocol.messages import Result

# Results of games carry this before their data, so that the deliverer can tell them apart.
PREFIX = b"game "


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
    """Asks the workers about the pictures of rounds."""

    def __init__(self, publisher: JobPublisher) -> None:
        self._publisher = publisher

    async def publish(self, state: State, request: JudgeRequest, title: str) -> None:
        """Queue a question; the same question again changes nothing.

        Raises:
            TargetGone, FileTooBig: the picture can't be had.
            RetryLater, QueueFull, QueueUnavailable: not for now.
        """
        table = state.table
        ref = GameJobRef(
            table.id.chat_id, table.thread_id, table.id.number, request.key, request.draw
        )
        words = speak(table.language).chart_words()
        job = msgspec.structs.replace(
            self._publisher.job(
                f"game.{table.id.chat_id}.{table.id.number}.{request.key}",
                PREFIX + msgspec.msgpack.encode(ref),
            ),
            labels=list(request.labels),
            captions=list(request.captions),
            merge_above=request.merge_above,
            draw=request.draw,
            fingerprint=request.fingerprint,
            locale=table.language,
            words=msgspec.structs.replace(words, title=title),
        )
        try:
            await self._publisher.publish(job, [request.media])
        except PicturesTooLarge as error:
            raise FileTooBig(str(error)) from error


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

"""A game's questions to CLIP: how they are queued, and what their answers say."""

import msgspec

from bot.games.registry import game_of
from bot.games.rules.events import Judged, JudgeRequest
from bot.games.rules.round import Round, RoundId
from bot.i18n import choose, speak
from bot.platform.ports import FileTooBig
from bot.queues.job_publisher import JobPublisher, PicturesTooLarge
from inference.protocol.messages import Result

# The reply data of a game's job begins with this, so that its result is known as a game's.
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


_job_ref = msgspec.msgpack.Decoder(GameJobRef)


class GameJobs:
    """Asks the workers about the pictures of rounds."""

    def __init__(self, publisher: JobPublisher) -> None:
        self._publisher = publisher

    async def publish(self, state: Round, request: JudgeRequest) -> None:
        """Queue a question. The same question again changes nothing.

        Raises:
            TargetGone, FileTooBig: the bot can't get the picture.
            RetryLater, QueueFull, QueueUnavailable: not now.
        """
        config, id_ = state.config, state.config.id
        ref = GameJobRef(id_.chat_id, config.thread_id, id_.number, request.key, request.draw)
        language = choose(config.language, None)
        title = game_of(state).texts_in(language).name()
        job = msgspec.structs.replace(
            self._publisher.job(
                f"game.{id_.chat_id}.{id_.number}.{request.key}",
                PREFIX + msgspec.msgpack.encode(ref),
            ),
            labels=list(request.labels),
            captions=list(request.captions),
            merge_above=request.merge_above,
            draw=request.draw,
            fingerprint=request.fingerprint,
            locale=language,
            words=msgspec.structs.replace(speak(language).chart_words(), title=title),
        )
        try:
            await self._publisher.publish(job, [request.media])
        except PicturesTooLarge as error:
            raise FileTooBig(str(error)) from error


def is_of_a_game(result: Result) -> bool:
    """Return whether a result answers a game's question."""
    return result.reply.data.startswith(PREFIX)


def job_ref_of(result: Result) -> GameJobRef:
    """Return which question a game's result answers.

    Raises:
        msgspec.DecodeError: it is of another version of clipbot.
    """
    return _job_ref.decode(result.reply.data.removeprefix(PREFIX))


def judged(result: Result, ref: GameJobRef) -> Judged:
    """Return a result as the event that the rules know."""
    round_id = RoundId(ref.chat_id, ref.number)
    if result.problem or not result.images or result.images[0].problem:
        return Judged(round_id, ref.key)
    (outcome, *_) = result.images
    return Judged(
        round_id,
        ref.key,
        _shares(outcome.probabilities) if result.sigmoid_scores else tuple(outcome.probabilities),
        tuple(outcome.same_as),
        outcome.fingerprint,
    )


def _shares(scores: list[float]) -> tuple[float, ...]:
    """Return sigmoid scores as shares of their sum, which is what all rules compare.

    The scores of all labels may be near 0, and margins and points would be so as well. A single
    score is no share of anything and stays as it is.
    """
    total = sum(scores)
    if len(scores) < 2 or total <= 0:
        return tuple(scores)
    return tuple(score / total for score in scores)

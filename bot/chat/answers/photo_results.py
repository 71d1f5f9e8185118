"""Results about photos: told once to the person who asked."""

import logging
import time
from collections.abc import Hashable

from bot.chat.answers.answer_buttons import answer_buttons
from bot.chat.answers.captions import caption, in_words
from bot.chat.answers.outcome import packed
from bot.chat.answers.replies import Delivered, ReplyService
from bot.chat.answers.spanish import ENGLISH_ONLY, is_unread
from bot.i18n import speak
from bot.i18n.lengths import shown_units
from bot.platform.models import ClassifyRequest
from bot.platform.ports import ChatPlatform, TargetGone
from bot.runtime.metrics import Metrics
from bot.storage import JobRecord, Store, is_remembered, retry_until_stored
from inference.protocol.errors import Fault, Problem
from inference.protocol.messages import Result

log = logging.getLogger(__name__)


class PhotoResults:
    """The `bot.queues.result_dispatcher.ResultHandler` of `PhotoJobs`.

    The row of a question in the table `jobs` is the record of its delivery.
    """

    def __init__(self, store: Store, platform: ChatPlatform, metrics: Metrics) -> None:
        self._store = store
        self._platform = platform
        self._metrics = metrics
        self._replies = ReplyService(store, platform)

    def wants(self, result: Result) -> bool:
        """Return whether a message on this platform asked the question."""
        try:
            platform, _, _ = ClassifyRequest.message_of(result.reply.data.decode())
        except ValueError:
            return False
        return platform == self._platform.name

    def lane(self, result: Result) -> Hashable:
        """Return the chat: its answers come one after another."""
        _, chat_id, _ = ClassifyRequest.message_of(result.reply.data.decode())
        return chat_id

    async def take(self, result: Result) -> None:
        """Answer the message that asked, unless it is answered or was edited."""
        if record := await self._open_question(result):
            await self._deliver(result, record)

    async def give_up(self, result: Result) -> None:
        """Apologise to the person who asked."""
        if record := await self._open_question(result):
            await self._apologise(record)
            await self._mark_delivered(record)

    async def _open_question(self, result: Result) -> JobRecord | None:
        """Return the question, if it still waits for this answer."""
        job_id = result.reply.data.decode()
        _, chat_id, message_id = ClassifyRequest.message_of(job_id)
        latest = await self._store.latest_job(chat_id, message_id)
        if latest is None:
            log.info("A result came for a question that is no longer stored.")
            return None
        if latest.id != job_id:
            await self._store.mark_delivered(job_id)  # the result of its edit will answer
            return None
        return None if latest.delivered else latest

    async def _deliver(self, result: Result, record: JobRecord) -> None:
        try:
            is_recorded = await self._tell(result, record)
        except TargetGone as error:
            log.info("%s can't be answered: %s", record.id, error)
            is_recorded = False
        if not is_recorded:
            await self._mark_delivered(record)

    async def _mark_delivered(self, record: JobRecord) -> None:
        # This is the delivery record. Once it is stored, no crash can repeat the answer.
        await retry_until_stored(lambda: self._store.mark_delivered(record.id))

    async def _apologise(self, record: JobRecord) -> None:
        try:
            await self._replies.text(record.ref, speak(record.language).apology())
        except Exception:
            log.exception("The apology for %s failed as well.", record.id)

    async def _tell(self, result: Result, record: JobRecord) -> bool:
        """Tell the result. Return whether this stored the delivery record; numbers do that."""
        sentences = speak(record.language)
        if problem := _whole_problem(result):
            if problem.fault is not Fault.USER:
                log.warning("Job %s failed: %s (%s)", record.id, problem.code, problem.fault)
            await self._replies.text(record.ref, sentences.problem(problem))
        else:
            await self._tell_numbers(result, record)
        self._metrics.answers.inc()
        self._metrics.answer_seconds.observe(max(0.0, time.time() - record.created_at))
        return problem is None

    async def _tell_numbers(self, result: Result, record: JobRecord) -> None:
        sentences = speak(record.language)
        text = caption(result, sentences, record.media)
        hint = await self._hint(result, record, self._platform.caption_limit - shown_units(text))
        room = self._platform.text_limit - shown_units(hint)
        words = in_words(result, sentences, room, record.media) + hint
        delivered = Delivered(record.id)
        # Without a fingerprint, its person wants to be forgotten. Buttons under the answer to a
        # question that waited for days would do nothing.
        if record.fingerprint and is_remembered(record.created_at):
            delivered = Delivered(record.id, packed(result), answer_buttons(sentences))
        if result.chart:
            await self._replies.chart(
                record.ref,
                result.chart,
                text + hint,
                words=words,
                delivered=delivered,
                has_spoiler=any(media.has_spoiler for media in record.media),
            )
        else:  # drawing failed; the numbers still answer the question
            await self._replies.words(record.ref, words, delivered)
        if hint:
            self._metrics.spanish_hints.inc()
            await retry_until_stored(lambda: self._store.note_hint(record.user_id, ENGLISH_ONLY))

    async def _hint(self, result: Result, record: JobRecord, room: int) -> str:
        """Return the hint for people who write Spanish to an English-only model, once for each.

        Args:
            room: how long it can be, in UTF-16 units.
        """
        if not record.fingerprint or not is_unread(result.labels, record.language, result.model):
            return ""
        if ENGLISH_ONLY in (await self._store.person(record.user_id)).hints:
            return ""
        line = "\n" + speak(record.language).english_only()
        return line if shown_units(line) <= room else ""


def _whole_problem(result: Result) -> Problem | None:
    """Return why there is no answer at all: the job failed, or every one of its pictures did."""
    if result.problem:
        return result.problem
    problems = [outcome.problem for outcome in result.images if outcome.problem]
    return problems[0] if len(problems) == len(result.images) else None

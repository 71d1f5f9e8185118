"""Replies to messages. Each message has one answer: a newer answer replaces the older one."""

from bot.platform.models import MessageRef
from bot.platform.ports import ChatPlatform, PicturesNotAllowed, TargetGone
from bot.storage import Answered, Store, retry_until_stored


class ReplyService:
    """Sends answers, or edits the one that a message already has."""

    def __init__(self, store: Store, platform: ChatPlatform) -> None:
        self._store = store
        self._platform = platform

    async def chart(
        self,
        ref: MessageRef,
        chart: bytes,
        text: str,
        *,
        words: str = "",
        job_id: str | None = None,
    ) -> None:
        """Answer with a chart, in place of any earlier answer to the same message.

        Args:
            text: its caption.
            words: what is said instead if pictures can't be sent; by default the caption.
            job_id: the question that this answer delivers.
        """
        earlier = await self._store.answer_to(ref.chat_id, ref.message_id)
        try:
            answer_id, is_chart = await self._send_chart(earlier, ref, chart, text), True
        except PicturesNotAllowed:
            sentence = earlier if earlier and not earlier.is_chart else None
            answer_id, is_chart = await self._send_text(sentence, ref, words or text), False
        await retry_until_stored(
            lambda: self._store.record_answer(ref, answer_id, is_chart=is_chart, job_id=job_id)
        )

    async def text(self, ref: MessageRef, text: str) -> None:
        """Answer with a sentence. An earlier sentence is replaced; an earlier chart stays."""
        earlier = await self._store.answer_to(ref.chat_id, ref.message_id)
        sentence = earlier if earlier and not earlier.is_chart else None
        answer_id = await self._send_text(sentence, ref, text)
        if earlier is None or (sentence and answer_id != sentence.answer_id):
            await retry_until_stored(
                lambda: self._store.record_answer(ref, answer_id, is_chart=False)
            )

    async def _send_chart(
        self, earlier: Answered | None, ref: MessageRef, chart: bytes, text: str
    ) -> int:
        """Send a chart, or edit an earlier answer to it; return the id of its message."""
        if earlier:
            try:
                await self._platform.edit_to_chart(ref, earlier.answer_id, chart, text)
            except PicturesNotAllowed:
                raise
            except TargetGone:
                pass  # it was deleted, or is too old to be edited: send a new answer
            else:
                return earlier.answer_id
        return await self._platform.send_chart(ref, chart, text)

    async def _send_text(self, earlier: Answered | None, ref: MessageRef, text: str) -> int:
        """Send a sentence, or edit an earlier one to it; return the id of its message."""
        if earlier:
            try:
                await self._platform.edit_to_text(ref, earlier.answer_id, text)
            except TargetGone:
                pass  # as above
            else:
                return earlier.answer_id
        return await self._platform.send_text(ref, text)

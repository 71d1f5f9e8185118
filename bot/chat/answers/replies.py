"""Replies to messages, each of which has one answer: a newer one takes the older one's place."""

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
        place: MessageRef,
        chart: bytes,
        text: str,
        *,
        words: str = "",
        job_id: str | None = None,
    ) -> None:
        """Answers with a chart, in place of any earlier answer to the same message.

        Args:
            text: its caption.
            words: what is said instead where pictures can't be sent; by default the caption.
            job_id: the question that is delivered by this.
        """
        earlier = await self._store.answer_to(place.chat_id, place.message_id)
        try:
            answer_id, is_chart = await self._shown(earlier, place, chart, text), True
        except PicturesNotAllowed:
            sentence = earlier if earlier and not earlier.is_chart else None
            answer_id, is_chart = await self._said(sentence, place, words or text), False
        await retry_until_stored(
            lambda: self._store.record_answer(place, answer_id, is_chart=is_chart, job_id=job_id)
        )

    async def text(self, place: MessageRef, text: str) -> None:
        """Answers with a sentence; an earlier sentence is replaced, an earlier chart stays."""
        earlier = await self._store.answer_to(place.chat_id, place.message_id)
        sentence = earlier if earlier and not earlier.is_chart else None
        answer_id = await self._said(sentence, place, text)
        if earlier is None or (sentence and answer_id != sentence.answer_id):
            await retry_until_stored(
                lambda: self._store.record_answer(place, answer_id, is_chart=False)
            )

    async def _shown(
        self, earlier: Answered | None, place: MessageRef, chart: bytes, text: str
    ) -> int:
        """Shows a chart; returns the message that does."""
        if earlier:
            try:
                await self._platform.edit_to_chart(place, earlier.answer_id, chart, text)
            except PicturesNotAllowed:
                raise
            except TargetGone:
                pass  # it was deleted, or is too old to be edited: answer anew
            else:
                return earlier.answer_id
        return await self._platform.send_chart(place, chart, text)

    async def _said(self, earlier: Answered | None, place: MessageRef, text: str) -> int:
        """Says a sentence, in place of an earlier one; returns the message that does."""
        if earlier:
            try:
                await self._platform.edit_to_text(place, earlier.answer_id, text)
            except TargetGone:
                pass
            else:
                return earlier.answer_id
        return await self._platform.send_text(place, text)

"""Replies to messages, each of which has one answer: a newer one takes the older one's place."""

from bot.asks import Place
from bot.platform import Gone, Platform
from bot.store import Store, insist


class Answers:
    """Sends answers, or edits the one that a message already has."""

    def __init__(self, store: Store, platform: Platform) -> None:
        self._store = store
        self._platform = platform

    async def chart(
        self, place: Place, chart: bytes, text: str, *, job_id: str | None = None
    ) -> None:
        """Answers with a chart, in place of any earlier answer to the same message.

        Args:
            job_id: the question that is delivered by this.
        """
        earlier = await self._store.answer_to(place.chat_id, place.message_id)
        if earlier:
            try:
                await self._platform.edit_to_chart(place, earlier.answer_id, chart, text)
            except Gone:
                earlier = None  # it was deleted, or is too old to be edited: answer anew
        answer_id = (
            earlier.answer_id if earlier else await self._platform.send_chart(place, chart, text)
        )
        await insist(
            lambda: self._store.record_answer(place, answer_id, is_chart=True, job_id=job_id)
        )

    async def text(self, place: Place, text: str) -> None:
        """Answers with a sentence; an earlier sentence is replaced, an earlier chart stays."""
        earlier = await self._store.answer_to(place.chat_id, place.message_id)
        if earlier and not earlier.is_chart:
            try:
                await self._platform.edit_to_text(place, earlier.answer_id, text)
            except Gone:
                pass
            else:
                return
        answer_id = await self._platform.send_text(place, text)
        if not (earlier and earlier.is_chart):
            await insist(lambda: self._store.record_answer(place, answer_id, is_chart=False))

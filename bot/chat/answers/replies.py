"""Replies to messages. Each message has one answer: a newer answer replaces the older one."""

from dataclasses import dataclass

from bot.platform.models import MessageRef
from bot.platform.ports import Buttons, ChatPlatform, PicturesNotAllowed, TargetGone
from bot.storage import Answered, Store, retry_until_stored


@dataclass(frozen=True)
class Delivered:
    """What is stored together with an answer that has numbers.

    Attributes:
        job_id: the question that the answer delivers, if it does.
        outcome: its numbers, see `bot.chat.answers.outcome`.
        buttons: what stands under it; they work with these numbers.
    """

    job_id: str | None = None
    outcome: bytes | None = None
    buttons: Buttons = ()


_NOTHING = Delivered()


@dataclass(frozen=True)
class _Chart:
    picture: bytes
    caption: str
    buttons: Buttons
    has_spoiler: bool


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
        delivered: Delivered = _NOTHING,
        has_spoiler: bool = False,
    ) -> None:
        """Answer with a chart, in place of any earlier answer to the same message.

        Args:
            text: its caption.
            words: what is said instead if pictures can't be sent; by default the caption.
            has_spoiler: the chart is hidden until somebody taps on it.
        """
        earlier = await self._store.answer_to(ref.chat_id, ref.message_id)
        drawn = _Chart(chart, text, delivered.buttons, has_spoiler)
        try:
            answer_id = await self._send_chart(earlier, ref, drawn)
        except PicturesNotAllowed:
            await self.words(ref, words or text, delivered)
        else:
            await self._record(ref, answer_id, delivered, is_chart=True)

    async def words(self, ref: MessageRef, text: str, delivered: Delivered) -> None:
        """Answer with words that say what the chart would. They become the message's answer."""
        earlier = await self._store.answer_to(ref.chat_id, ref.message_id)
        sentence = earlier if earlier and not earlier.is_chart else None
        answer_id = await self._send_text(sentence, ref, text, delivered.buttons)
        await self._record(ref, answer_id, delivered, is_chart=False)

    async def text(self, ref: MessageRef, text: str, buttons: Buttons = ()) -> int:
        """Answer with a sentence; return the id of its message.

        An earlier sentence is replaced; an earlier chart stays.
        """
        earlier = await self._store.answer_to(ref.chat_id, ref.message_id)
        sentence = earlier if earlier and not earlier.is_chart else None
        answer_id = await self._send_text(sentence, ref, text, buttons)
        if earlier is None or (sentence and answer_id != sentence.answer_id):
            await retry_until_stored(
                lambda: self._store.record_answer(ref, answer_id, is_chart=False)
            )
        return answer_id

    async def _record(
        self, ref: MessageRef, answer_id: int, delivered: Delivered, *, is_chart: bool
    ) -> None:
        await retry_until_stored(
            lambda: self._store.record_answer(
                ref,
                answer_id,
                is_chart=is_chart,
                job_id=delivered.job_id,
                outcome=delivered.outcome,
            )
        )

    async def _send_chart(self, earlier: Answered | None, ref: MessageRef, drawn: _Chart) -> int:
        """Send a chart, or edit an earlier answer to it; return the id of its message."""
        if earlier:
            try:
                await self._platform.edit_to_chart(
                    ref,
                    earlier.answer_id,
                    drawn.picture,
                    drawn.caption,
                    drawn.buttons,
                    has_spoiler=drawn.has_spoiler,
                )
            except PicturesNotAllowed:
                raise
            except TargetGone:
                pass  # it was deleted, or is too old to be edited: send a new answer
            else:
                return earlier.answer_id
        return await self._platform.send_chart(
            ref, drawn.picture, drawn.caption, drawn.buttons, has_spoiler=drawn.has_spoiler
        )

    async def _send_text(
        self, earlier: Answered | None, ref: MessageRef, text: str, buttons: Buttons
    ) -> int:
        """Send a sentence, or edit an earlier one to it; return the id of its message."""
        if earlier:
            try:
                await self._platform.edit_to_text(ref, earlier.answer_id, text, buttons)
            except TargetGone:
                pass  # as above
            else:
                return earlier.answer_id
        return await self._platform.send_text(ref, text, buttons)

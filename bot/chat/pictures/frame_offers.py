"""Offers to sort the first frames of videos, GIFs and moving stickers, and sorts them if wanted."""

import contextlib
import datetime
from collections.abc import Awaitable
from dataclasses import replace
from typing import Protocol

from bot.chat.answers.replies import ReplyService
from bot.chat.people import Speaker, as_owner, speaker_of
from bot.platform.incoming import ButtonPress, ChatTopic, IncomingMessage
from bot.platform.models import Media, MessageRef
from bot.platform.ports import Button, ChatPlatform, TargetGone
from bot.storage import FrameOffer, Store, is_remembered, retry_until_stored

_PREFIX = "frame"


class Ask(Protocol):
    """`ClassifyHandler.ask`."""

    def __call__(
        self,
        message: IncomingMessage,
        speaker: Speaker,
        media: tuple[Media, ...],
        phrases: str | None,
    ) -> Awaitable[None]: ...


class FrameOffers:
    """Offers, and what the button under them does."""

    def __init__(
        self, platform: ChatPlatform, store: Store, replies: ReplyService, ask: Ask
    ) -> None:
        self._platform = platform
        self._store = store
        self._replies = replies
        self._ask = ask
        self.presses = {_PREFIX: self.press}

    async def offer(
        self, message: IncomingMessage, speaker: Speaker, frames: tuple[Media, ...], phrases: str
    ) -> None:
        """Answer a message with the offer to sort frames.

        Args:
            phrases: what the message compares them with, as typed; empty: stored ones.
        """
        sentences = speaker.sentences
        button = Button(sentences.first_frames_button(len(frames)), f"{_PREFIX}:")
        offer_id = await self._replies.text(
            message.ref, sentences.offer_first_frames(len(frames)), ((button,),)
        )
        await retry_until_stored(
            lambda: self._store.record_offer(
                message.ref.chat_id, offer_id, speaker.user_id, frames, phrases
            )
        )

    async def change(
        self, message: IncomingMessage, frames: tuple[Media, ...], phrases: str
    ) -> None:
        """Note that a message was edited, if it has an offer."""
        chat_id = message.ref.chat_id
        earlier = await self._store.answer_to(chat_id, message.ref.message_id)
        offer = await self._store.offer(chat_id, earlier.answer_id) if earlier else None
        if earlier and offer:
            await self._store.record_offer(
                chat_id, earlier.answer_id, offer.user_id, frames, phrases
            )

    async def press(self, press: ButtonPress) -> None:
        """Handle the pressed button. It is answered in any case: the app shows that it waits."""
        toast = ""
        with contextlib.suppress(TargetGone):
            toast = await self._accept(press)
        with contextlib.suppress(TargetGone):  # too old to be answered
            await self._platform.answer_press(press, toast)

    async def _accept(self, press: ButtonPress) -> str:
        """Ask the workers about the frames; return what the person is told at once."""
        who = await speaker_of(press.author, self._store)
        offer = None
        if press.ref:
            offer = await self._store.offer(press.ref.chat_id, press.ref.message_id)
        if press.topic is None or offer is None or not is_remembered(offer.created_at):
            return who.sentences.too_long_ago()
        asker = await as_owner(offer.user_id, who, press, self._store, self._platform)
        if asker is None:
            return who.sentences.for_the_asker()
        await self._ask(
            _as_asked(offer, press, press.topic), asker, offer.media, offer.phrases or None
        )
        return ""


def _as_asked(offer: FrameOffer, press: ButtonPress, topic: ChatTopic) -> IncomingMessage:
    """Return the message that was answered with an offer, as if it showed the frames."""
    return IncomingMessage(
        ref=MessageRef(topic.chat_id, offer.message_id, topic.thread_id),
        topic=topic,
        author=replace(press.author, id=offer.user_id),
        sent_at=datetime.datetime.fromtimestamp(offer.created_at, datetime.UTC),
        text=offer.phrases,
        is_caption=True,
    )

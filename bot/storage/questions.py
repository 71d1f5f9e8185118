"""What we asked back: which pictures still want labels."""

import time
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import and_, bindparam, exists, func, select, update

from bot.platform.models import Media
from bot.storage.engine.part import StorePart, here
from bot.storage.engine.tables import answers, questions

# A text that replies to nothing answers our last question for this long, in seconds.
_FRESH = 900.0

_media = msgspec.msgpack.Decoder(tuple[Media, ...])

_OFFERS = (
    select(questions, answers.c.message_id)
    .join(
        answers,
        and_(
            answers.c.platform == questions.c.platform,
            answers.c.chat_id == questions.c.chat_id,
            answers.c.answer_id == questions.c.question_id,
        ),
    )
    .where(
        here(questions),
        questions.c.chat_id == bindparam("chat_id"),
        questions.c.phrases.is_not(None),
    )
)
_OFFERED_BY = _OFFERS.where(questions.c.question_id == bindparam("offer_id")).limit(1)
_LAST_OFFER = (
    _OFFERS.where(questions.c.user_id == bindparam("user_id"))
    .order_by(questions.c.created_at.desc())
    .limit(1)
)


@dataclass(frozen=True)
class FrameOffer:
    """A message of ours that offers to sort the first frames of what moves.

    Attributes:
        message_id: the message that it answers.
        media: the frames.
        phrases: what that message compares them with, as typed; may be empty.
        created_at: Unix time.
    """

    message_id: int
    user_id: int
    media: tuple[Media, ...]
    phrases: str
    created_at: float


class QuestionsTable(StorePart):
    """The table `questions`."""

    async def record_question(
        self, chat_id: int, question_id: int, user_id: int, media: tuple[Media, ...]
    ) -> None:
        """Store that we asked for labels, and about which pictures."""
        await self._put_question(chat_id, question_id, user_id, media, is_open=1)

    async def record_offer(
        self, chat_id: int, offer_id: int, user_id: int, media: tuple[Media, ...], phrases: str
    ) -> None:
        """Store that we offered to sort first frames. Only a reply to the offer answers it.

        Args:
            phrases: that the frames are compared with, as typed; may be empty.
        """
        await self._put_question(chat_id, offer_id, user_id, media, is_open=0, phrases=phrases)

    async def _put_question(
        self,
        chat_id: int,
        question_id: int,
        user_id: int,
        media: tuple[Media, ...],
        *,
        is_open: int,
        phrases: str | None = None,
    ) -> None:
        await self._upsert(
            questions,
            {"chat_id": chat_id, "question_id": question_id},
            {
                "user_id": user_id,
                "media": msgspec.msgpack.encode(media),
                "is_open": is_open,
                "phrases": phrases,
                "created_at": time.time(),
            },
        )

    async def offer(self, chat_id: int, offer_id: int) -> FrameOffer | None:
        """Return what a message of ours offers to sort; None if it offers nothing."""
        row = await self._first(_OFFERED_BY, chat_id=chat_id, offer_id=offer_id)
        return None if row is None else _offer(row)

    async def last_offer(self, chat_id: int, user_id: int) -> FrameOffer | None:
        """Return what we offered a person last in a chat."""
        row = await self._first(_LAST_OFFER, chat_id=chat_id, user_id=user_id)
        return None if row is None else _offer(row)

    async def change_question(
        self, chat_id: int, question_id: int, media: tuple[Media, ...]
    ) -> None:
        """Set the pictures that a question of ours is about; do nothing if it is not a question."""
        await self._change(
            update(questions)
            .where(
                here(questions),
                questions.c.chat_id == chat_id,
                questions.c.question_id == question_id,
            )
            .values(media=msgspec.msgpack.encode(media))
        )

    async def question(self, chat_id: int, question_id: int) -> tuple[Media, ...] | None:
        """Return the pictures that a question of ours is about."""
        row = await self._first(
            select(questions.c.media).where(
                here(questions),
                questions.c.chat_id == chat_id,
                questions.c.question_id == question_id,
            )
        )
        return None if row is None else _media.decode(row.media)

    async def open_question(
        self, chat_id: int, user_id: int, *, after: int | None = None
    ) -> tuple[int, tuple[Media, ...]] | None:
        """Return our newest question to this person in this chat, if fresh: its id and pictures.

        Args:
            after: a message of ours. Return instead the first question that we asked after it
                about a picture sent before it. That finds a question that was sent twice because
                the platform was slow to say that it took the first one.
        """
        number = questions.c.question_id
        twin_of = exists().where(
            answers.c.platform == questions.c.platform,
            answers.c.chat_id == questions.c.chat_id,
            answers.c.answer_id == number,
            answers.c.message_id < (after or 0),
        )
        row = await self._first(
            select(questions.c.question_id, questions.c.media)
            .where(
                here(questions),
                questions.c.chat_id == chat_id,
                questions.c.user_id == user_id,
                questions.c.is_open == 1,
                questions.c.created_at > time.time() - _FRESH,
                *((number > after, twin_of) if after is not None else ()),
            )
            .order_by(number.desc() if after is None else number)
            .limit(1)
        )
        return None if row is None else (row.question_id, _media.decode(row.media))

    async def last_asked_at(self, chat_id: int, user_id: int) -> float:
        """Return the Unix time of our newest question to a person in a chat, open or not.

        0.0 if there is none.
        """
        row = await self._first(
            select(func.max(questions.c.created_at)).where(
                here(questions), questions.c.chat_id == chat_id, questions.c.user_id == user_id
            )
        )
        return float(row[0] or 0.0) if row else 0.0

    async def close_questions(
        self, chat_id: int, user_id: int, question_id: int | None = None
    ) -> int:
        """Close one question to this person in this chat, or all; return how many were open."""
        query = update(questions).where(
            here(questions),
            questions.c.chat_id == chat_id,
            questions.c.user_id == user_id,
            questions.c.is_open == 1,
        )
        if question_id is not None:
            query = query.where(questions.c.question_id == question_id)
        return await self._change(query.values(is_open=0))


def _offer(row: Any) -> FrameOffer:
    return FrameOffer(
        row.message_id, row.user_id, _media.decode(row.media), row.phrases, row.created_at
    )

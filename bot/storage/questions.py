"""What we asked back: which pictures still want phrases."""

import time

import msgspec
from sqlalchemy import exists, func, select, update

from bot.platform.models import Media
from bot.storage.engine.rows import Rows
from bot.storage.engine.tables import answers, questions

# Text without a reply answers our last question only for so long, in seconds.
_FRESH = 900.0

_media = msgspec.msgpack.Decoder(tuple[Media, ...])


class Questions(Rows):
    """The table `questions`."""

    async def record_question(
        self, chat_id: int, question_id: int, user_id: int, media: tuple[Media, ...]
    ) -> None:
        """Notes that we asked for phrases, and about which pictures."""
        await self._upsert(
            questions,
            {"chat_id": chat_id, "question_id": question_id},
            {
                "user_id": user_id,
                "media": msgspec.msgpack.encode(media),
                "is_open": 1,
                "created_at": time.time(),
            },
        )

    async def change_question(
        self, chat_id: int, question_id: int, media: tuple[Media, ...]
    ) -> None:
        """From now on a question of ours is about these pictures; nothing where it is none."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(questions)
                .where(questions.c.chat_id == chat_id, questions.c.question_id == question_id)
                .values(media=msgspec.msgpack.encode(media))
            )

    async def question(self, chat_id: int, question_id: int) -> tuple[Media, ...] | None:
        """The pictures that a question of ours is about."""
        query = select(questions.c.media).where(
            questions.c.chat_id == chat_id, questions.c.question_id == question_id
        )
        async with self._database.connect() as connection:
            packed = (await connection.execute(query)).scalar_one_or_none()
        return None if packed is None else _media.decode(packed)

    async def open_question(
        self, chat_id: int, user_id: int, *, after: int | None = None
    ) -> tuple[int, tuple[Media, ...]] | None:
        """Our newest question to this person in this chat, if it is fresh: its id and pictures.

        Args:
            after: the first one instead that was asked after this message of ours, about a message
                before it: Telegram was slow to say that it took the question, and got it twice.
        """
        number = questions.c.question_id
        twin_of = exists().where(
            answers.c.chat_id == questions.c.chat_id,
            answers.c.answer_id == number,
            answers.c.message_id < (after or 0),
        )
        query = (
            select(questions.c.question_id, questions.c.media)
            .where(
                questions.c.chat_id == chat_id,
                questions.c.user_id == user_id,
                questions.c.is_open == 1,
                questions.c.created_at > time.time() - _FRESH,
                *((number > after, twin_of) if after is not None else ()),
            )
            .order_by(number.desc() if after is None else number)
            .limit(1)
        )
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else (row.question_id, _media.decode(row.media))

    async def last_asked_at(self, chat_id: int, user_id: int) -> float:
        """Unix time of our newest question to this person in this chat, open or not; 0.0: none."""
        query = select(func.max(questions.c.created_at)).where(
            questions.c.chat_id == chat_id, questions.c.user_id == user_id
        )
        async with self._database.connect() as connection:
            return float((await connection.execute(query)).scalar_one_or_none() or 0.0)

    async def close_questions(
        self, chat_id: int, user_id: int, question_id: int | None = None
    ) -> int:
        """Closes one question to this person in this chat, or all; returns how many were open."""
        query = update(questions).where(
            questions.c.chat_id == chat_id,
            questions.c.user_id == user_id,
            questions.c.is_open == 1,
        )
        if question_id is not None:
            query = query.where(questions.c.question_id == question_id)
        async with self._database.begin() as connection:
            done = await connection.execute(query.values(is_open=0))
        return int(done.rowcount)

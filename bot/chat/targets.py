"""Which pictures a message without a picture of its own is about."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from telegram import ExternalReplyInfo, Message

from bot.chat.people import Speaker, is_by, is_private
from bot.i18n import languages, speak
from bot.platform.models import Media
from bot.storage import JobRecord, Store
from bot.telegram.pictures import NotAPicture
from inference.protocol.errors import LabelsRefused, TooManyLabels
from inference.protocol.labels import parse

# Phrases without a reply mean the last picture for so long after it came or was answered, in
# seconds.
_RECENT = 600.0

Find = Callable[[Message | ExternalReplyInfo], Media | NotAPicture | None]


@dataclass(frozen=True)
class Target:
    """What a message without a picture of its own is about.

    Attributes:
        question: our question that the message answers, if it does.
    """

    media: tuple[Media, ...]
    question: int | None = None


class Targets:
    """Finds the pictures, by what a message replies to and by what was said before it.

    Args:
        picture_in: the picture that a message carries.
    """

    def __init__(self, store: Store, picture_in: Find, *, bot_id: int, max_labels: int) -> None:
        self._store = store
        self._picture_in = picture_in
        self._bot_id = bot_id
        self._max_labels = max_labels

    async def of(
        self, message: Message, speaker: Speaker, revision: int, *, is_command: bool = False
    ) -> Target | NotAPicture | None:
        """The pictures; else why what the message replies to is none; None: it means no picture.

        Args:
            serial: 0 unless the message is an edit.
            is_command: it wants a picture to be sorted, however few phrases it holds.
        """
        replied_to = message.reply_to_message
        is_plain = replied_to is None and message.external_reply is None
        if revision or is_plain:
            asked = await self._open_question(message, speaker)
            # An edit, or it came once more, maybe with its question still open.
            if media := await self._asked_before(message):
                return asked if asked and asked.media == media else Target(media)
            if is_plain:
                # An edit of what was said before we asked is about something else.
                if asked and not (revision and message.message_id < (asked.question or 0)):
                    return asked
                return await self._last_if_meant(message, speaker, is_command=is_command)
        if message.external_reply:
            return await self._in_another_chat(message.external_reply)
        assert replied_to is not None
        if media := await self._store.question(message.chat_id, replied_to.message_id):
            return Target(media, replied_to.message_id)
        # Our chart is a picture too, but who replies to it means the one that it speaks of.
        if job := await self._store.job_answered_by(message.chat_id, replied_to.message_id):
            return Target(job.media)
        picture = self._picture_in(replied_to)
        if isinstance(picture, Media):
            return Target((picture,))
        if picture is not None:
            return picture
        if is_by(replied_to, self._bot_id):
            return await self._of_our_sentence(message, replied_to, speaker, is_command)
        media = await self._asked_before(replied_to)
        return Target(media) if media else None

    async def _of_our_sentence(
        self, message: Message, ours: Message, speaker: Speaker, is_command: bool
    ) -> Target | NotAPicture | None:
        # A question that took Telegram too long was asked twice, and we know only the second one.
        if asked := await self._open_question(message, speaker, after=ours.message_id):
            return asked
        if self.is_lost_question(ours):
            return NotAPicture.OURS
        if await self._store.is_answer(message.chat_id, ours.message_id):
            # A refusal or a hint: whoever replies to it might as well not have done so.
            asked = await self._open_question(message, speaker)
            return asked or await self._last_if_meant(message, speaker, is_command=is_command)
        # A board of a game that is over, perhaps: that is about no other picture than its own.
        has_phrases = is_command or self._has_phrases(message.text or "")
        return NotAPicture.OURS if has_phrases else None

    async def in_group(self, message: Message, revision: int) -> Target | NotAPicture | None:
        """In a group only a reply to our own question is meant for us."""
        replied_to = message.reply_to_message
        if replied_to is None:
            return None
        if media := await self._store.question(message.chat_id, replied_to.message_id):
            return Target(media)
        if revision and (media := await self._asked_before(message)):
            return Target(media)
        return NotAPicture.OURS if self.is_lost_question(replied_to) else None

    async def last_picture(self, message: Message, speaker: Speaker) -> Target | None:
        """In private: the picture that was sorted last, while that is recent."""
        if not is_private(message):
            return None
        job = await self._store.last_job(message.chat_id, speaker.user_id)
        if job is None or not _is_recent(job) or message.message_id <= job.place.message_id:
            return None
        # A picture that was asked about since, and then was not to be sorted: it means no other.
        asked_at = await self._store.last_asked_at(message.chat_id, speaker.user_id)
        return Target(job.media) if asked_at <= job.created_at else None

    def is_lost_question(self, message: Message) -> bool:
        """Whether a message is a question for phrases of ours; its record may be gone."""
        return is_by(message, self._bot_id) and message.text in _questions()

    async def _last_if_meant(
        self, message: Message, speaker: Speaker, *, is_command: bool
    ) -> Target | None:
        if is_command or self._has_phrases(message.text or ""):
            return await self.last_picture(message, speaker)
        return None

    def _has_phrases(self, text: str) -> bool:
        """Two phrases at least: "thanks" alone is a remark."""
        try:
            return len(parse(text, max_labels=self._max_labels)) > 1
        except TooManyLabels:
            return True
        except LabelsRefused:
            return False

    async def _in_another_chat(self, quoted: ExternalReplyInfo) -> Target | NotAPicture | None:
        if quoted.chat and quoted.message_id:
            job = await self._store.job_answered_by(quoted.chat.id, quoted.message_id)
            if job:
                return Target(job.media)
        picture = self._picture_in(quoted)
        return Target((picture,)) if isinstance(picture, Media) else picture

    async def _open_question(
        self, message: Message, speaker: Speaker, *, after: int | None = None
    ) -> Target | None:
        """In private: the question of ours that is still open; see `Store.open_question`."""
        if not is_private(message):
            return None
        asked = await self._store.open_question(message.chat_id, speaker.user_id, after=after)
        return Target(asked[1], asked[0]) if asked else None

    async def _asked_before(self, message: Message) -> tuple[Media, ...] | None:
        job = await self._store.latest_job(message.chat_id, message.message_id)
        return job.media if job else None


def _is_recent(job: JobRecord) -> bool:
    since = time.time() - _RECENT
    return bool(job.fingerprint) and max(job.created_at, job.delivered_at or 0.0) > since


@cache
def _questions() -> frozenset[str]:
    return frozenset(speak(language).which_phrases() for language in languages())

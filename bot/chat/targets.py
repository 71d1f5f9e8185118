"""Which pictures a message without a picture of its own is about."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from bot.chat.label_sets.names import references
from bot.chat.people import Speaker
from bot.i18n import languages, speak
from bot.platform.incoming import Attachment, IncomingMessage, NotAPicture, ReferencedMessage
from bot.platform.models import Media, MessageRef
from bot.storage import JobRecord, Store
from inference.protocol.errors import LabelsRefused, TooManyLabels
from inference.protocol.labels import parse

# Phrases without a reply mean the last picture for this long after it came or was answered; in
# seconds.
_RECENT = 600.0

# How earlier releases asked for phrases: people still reply to those messages.
_EARLIER_QUESTIONS = (
    "Nice picture! Which phrases shall I compare it with? Reply with a few, separated by commas.",
)


@dataclass(frozen=True)
class FirstFrames:
    """The first frames of videos, GIFs or moving stickers, which can be sorted if people want that.

    Attributes:
        media: at least one frame.
    """

    media: tuple[Media, ...]


# Why there are no pictures.
NoPictures = FirstFrames | NotAPicture
Find = Callable[[Sequence[Attachment]], tuple[Media, ...] | NoPictures | None]


@dataclass(frozen=True)
class TargetPictures:
    """What a message without a picture of its own is about.

    Attributes:
        question: our question that the message answers, if it does.
    """

    media: tuple[Media, ...]
    question: int | None = None


class TargetFinder:
    """Finds the pictures, by what a message replies to and by what was said before it.

    Args:
        pictures_in: returns the pictures among what a message carries.
    """

    def __init__(self, store: Store, pictures_in: Find, *, max_labels: int) -> None:
        self._store = store
        self._pictures_in = pictures_in
        self._max_labels = max_labels

    async def of(
        self, message: IncomingMessage, speaker: Speaker
    ) -> TargetPictures | NoPictures | None:
        """Return the pictures, or why the message that it replies to has none.

        None: the message means no picture.
        """
        replied_to = message.replies_to
        if message.is_edit or replied_to is None:
            asked = await self._open_question(message, speaker)
            # It is an edit, or it came twice; our question may still be open.
            if media := await self._asked_before(message.ref):
                return asked if asked and asked.media == media else TargetPictures(media)
            if replied_to is None:
                # A message from before our question is about something else, also once edited.
                if asked and not (
                    message.is_edit and message.ref.message_id < (asked.question or 0)
                ):
                    return asked
                return await self._last_if_meant(message, speaker)
        if replied_to.is_elsewhere:
            return await self._in_another_chat(replied_to)
        assert replied_to.ref is not None  # it is in this chat
        chat_id, message_id = replied_to.ref.chat_id, replied_to.ref.message_id
        if media := await self._store.question(chat_id, message_id):
            return TargetPictures(media, message_id)
        # Our chart is a picture too, but a reply to it means the picture that it is about.
        job = await self._store.job_answered_by(chat_id, message_id)
        if job := job or await self._store.job_copied_to(chat_id, message_id):
            return TargetPictures(job.media)
        pictures = self._pictures_in(replied_to.attachments)
        if pictures is not None:
            return TargetPictures(pictures) if isinstance(pictures, tuple) else pictures
        if replied_to.is_ours:
            return await self._of_our_sentence(message, replied_to, speaker)
        media = await self._asked_before(replied_to.ref)
        return TargetPictures(media) if media else None

    async def _of_our_sentence(
        self, message: IncomingMessage, ours: ReferencedMessage, speaker: Speaker
    ) -> TargetPictures | NoPictures | None:
        assert ours.ref is not None  # it is in this chat
        # A question that the platform took too long to confirm was asked twice; only the second one
        # is stored.
        if asked := await self._open_question(message, speaker, after=ours.ref.message_id):
            return asked
        if _is_lost_question(ours):
            return NotAPicture.OURS
        if await self._store.is_answer(ours.ref.chat_id, ours.ref.message_id):
            # A refusal or a hint: a reply to it means the same as a message without a reply.
            asked = await self._open_question(message, speaker)
            return asked or await self._last_if_meant(message, speaker)
        # Perhaps the board of a game that is over: it is about no picture but its own.
        return NotAPicture.OURS if self._has_phrases(message) else None

    async def in_group(self, message: IncomingMessage) -> TargetPictures | NotAPicture | None:
        """In a group only a reply to our own question is meant for us."""
        replied_to = message.replies_to
        if replied_to is None or replied_to.is_elsewhere or replied_to.ref is None:
            return None
        asked = replied_to.ref
        if media := await self._store.question(asked.chat_id, asked.message_id):
            return TargetPictures(media, asked.message_id)
        if message.is_edit and (media := await self._asked_before(message.ref)):
            return TargetPictures(media)
        return NotAPicture.OURS if _is_lost_question(replied_to) else None

    async def last_picture(
        self, message: IncomingMessage, speaker: Speaker
    ) -> TargetPictures | None:
        """In private: return the picture that was sorted last, while that is recent."""
        if not message.is_private:
            return None
        job = await self._store.last_job(message.ref.chat_id, speaker.user_id)
        if frames := await self._offered_since(message, speaker, job):
            return frames
        if job is None or not _is_recent(job) or message.ref.message_id <= job.ref.message_id:
            return None
        # The person has cancelled our question about a newer picture, so no older one is meant.
        asked_at = await self._store.last_asked_at(message.ref.chat_id, speaker.user_id)
        return TargetPictures(job.media) if asked_at <= job.created_at else None

    async def _offered_since(
        self, message: IncomingMessage, speaker: Speaker, job: JobRecord | None
    ) -> TargetPictures | None:
        """Return the first frames that we offered to sort, if that came after the last picture."""
        offer = await self._store.last_offer(message.ref.chat_id, speaker.user_id)
        since = max(time.time() - _RECENT, job.created_at if job else 0.0)
        is_meant = offer and offer.created_at > since and offer.message_id < message.ref.message_id
        return TargetPictures(offer.media) if offer and is_meant else None

    async def _last_if_meant(
        self, message: IncomingMessage, speaker: Speaker
    ) -> TargetPictures | None:
        return await self.last_picture(message, speaker) if self._has_phrases(message) else None

    def _has_phrases(self, message: IncomingMessage) -> bool:
        """Return whether a message says that it wants a picture sorted.

        A command does, and so does `#pets`. Other texts need two phrases with a comma or line end
        between them: "thanks" and "tea or coffee?" can be remarks.
        """
        if message.command or references(message.text)[0]:
            return True
        try:
            found = parse(message.text, max_labels=self._max_labels, as_separated=True)
            return len(found) > 1
        except TooManyLabels:
            return True
        except LabelsRefused:
            return False

    async def _in_another_chat(
        self, quoted: ReferencedMessage
    ) -> TargetPictures | NoPictures | None:
        if quoted.ref:
            job = await self._store.job_answered_by(quoted.ref.chat_id, quoted.ref.message_id)
            if job:
                return TargetPictures(job.media)
        pictures = self._pictures_in(quoted.attachments)
        return TargetPictures(pictures) if isinstance(pictures, tuple) else pictures

    async def _open_question(
        self, message: IncomingMessage, speaker: Speaker, *, after: int | None = None
    ) -> TargetPictures | None:
        """In private: return our question that is still open; see `Store.open_question`."""
        if not message.is_private:
            return None
        asked = await self._store.open_question(message.ref.chat_id, speaker.user_id, after=after)
        return TargetPictures(asked[1], asked[0]) if asked else None

    async def _asked_before(self, ref: MessageRef) -> tuple[Media, ...] | None:
        job = await self._store.latest_job(ref.chat_id, ref.message_id)
        return job.media if job else None


def _is_lost_question(message: ReferencedMessage) -> bool:
    """Return whether a message is our question for phrases; its record may be gone."""
    return message.is_ours and message.text in _questions()


def _is_recent(job: JobRecord) -> bool:
    since = time.time() - _RECENT
    return bool(job.fingerprint) and max(job.created_at, job.delivered_at or 0.0) > since


@cache
def _questions() -> frozenset[str]:
    today = [
        question
        for sentences in map(speak, languages())
        for question in (sentences.which_phrases(), sentences.which_other_phrases())
    ]
    return frozenset((*today, *_EARLIER_QUESTIONS))

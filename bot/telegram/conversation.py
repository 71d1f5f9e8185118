"""Messages that ask something: pictures, replies with phrases, /classify, and edits of them."""

import logging
from dataclasses import dataclass

from telegram import ForceReply, Message

from bot.answers import Answers
from bot.asks import Ask, Media
from bot.fleet import Fleet
from bot.intake import Intake, Refused
from bot.store import Store, insist
from bot.telegram.people import Speaker, is_private, place_of
from bot.telegram.pictures import NotAPicture, picture_in
from bot.telegram.platform import TelegramPlatform
from inference.errors import LabelsRefused, NoLabels
from inference.phrases import parse

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Target:
    """What a message without a picture of its own is about.

    Attributes:
        question: our question that the message answers, if it does.
    """

    media: tuple[Media, ...]
    question: int | None = None


class Conversation:
    """Finds out which pictures and which phrases a message means, and asks the workers."""

    def __init__(
        self,
        platform: TelegramPlatform,
        store: Store,
        intake: Intake,
        fleet: Fleet,
        *,
        max_labels: int,
    ) -> None:
        self._platform = platform
        self._store = store
        self._intake = intake
        self._fleet = fleet
        self._answers = Answers(store, platform)
        self._max_labels = max_labels

    async def private_message(self, message: Message, speaker: Speaker, serial: int) -> None:
        """Anything but a command in a private chat. `serial` is 0 unless it is an edit."""
        picture = self.picture_in(message)
        if isinstance(picture, Media):
            await self.ask(message, speaker, (picture,), message.caption, serial)
            return
        target = await self._target(message, speaker, serial)
        if target and message.text:
            await self.ask(message, speaker, target.media, message.text, serial, target.question)
        elif serial == 0 and (message.text or message.effective_attachment):
            await self.refuse(message, self._not_a_picture(picture, speaker))

    async def group_message(self, message: Message, speaker: Speaker, serial: int) -> None:
        """Anything but a command in a group: only a reply to our own question is meant for us."""
        replied_to = message.reply_to_message
        if message.text and replied_to:
            media = await self._store.question(message.chat_id, replied_to.message_id)
            if media is None and serial:
                media = await self._asked_before(message)
            if media:
                await self.ask(message, speaker, media, message.text, serial)

    async def classify(self, message: Message, speaker: Speaker, phrases: str, serial: int) -> None:
        """`/classify phrases`, as a caption or as a reply to a picture."""
        picture = self.picture_in(message)
        if isinstance(picture, Media):
            await self.ask(message, speaker, (picture,), phrases, serial)
        elif target := await self._target(message, speaker, serial):
            await self.ask(message, speaker, target.media, phrases, serial, target.question)
        else:
            replied_to = message.reply_to_message
            found = self.picture_in(replied_to) if replied_to else picture
            await self.refuse(
                message,
                self._not_a_picture(found, speaker)
                if isinstance(found, NotAPicture)
                else speaker.sentences.reply_to_picture(),
            )

    def picture_in(self, message: Message) -> Media | NotAPicture | None:
        """The message's picture, at the size that suits today's model."""
        return picture_in(message, self._fleet.image_size)

    async def ask(
        self,
        message: Message,
        speaker: Speaker,
        media: tuple[Media, ...],
        phrases: str | None,
        serial: int,
        answers_question: int | None = None,
    ) -> None:
        """Asks the workers, or asks back where there are no phrases.

        Args:
            answers_question: our question that this message answers, which is then closed.
        """
        try:
            labels = (
                parse(phrases, max_labels=self._max_labels) if phrases else speaker.person.labels
            )
        except LabelsRefused as error:
            if message.text or not isinstance(error, NoLabels):
                await self._refuse_phrases(message, serial, speaker.sentences.labels_refused(error))
                return
            labels = speaker.person.labels  # a caption of commas is as good as none
        if not labels:
            await self._ask_back(message, speaker, media, serial)
            return
        ask = Ask(
            place=place_of(message),
            user_id=speaker.user_id,
            language=speaker.sentences.language,
            media=media,
            labels=labels,
            template=speaker.person.template,
            serial=serial,
            private=is_private(message),
        )
        earlier = None
        if serial:  # an edit, and before it we may have asked for phrases
            earlier = await self._store.answer_to(message.chat_id, message.message_id)
        try:
            await self._intake.submit(ask)
        except Refused as refusal:
            await self.refuse(message, str(refusal))
        else:
            # What we asked about this picture is settled, by a reply or by an edited caption.
            asked = {answers_question, earlier.answer_id if earlier else None} - {None}
            for question_id in asked:
                await self._store.close_questions(message.chat_id, speaker.user_id, question_id)

    async def refuse(self, message: Message, sentence: str) -> None:
        """Answers with a sentence, in place of any earlier sentence."""
        await self._answers.text(place_of(message), sentence)

    async def _refuse_phrases(self, message: Message, serial: int, sentence: str) -> None:
        """The message's last word; a chart of what it said before would wipe it out."""
        latest = await self._store.latest_job(message.chat_id, message.message_id)
        if latest and latest.serial > serial:
            return  # its edit was faster
        await self._store.supersede(place_of(message), serial)
        await self.refuse(message, sentence)

    async def _ask_back(
        self, message: Message, speaker: Speaker, media: tuple[Media, ...], serial: int
    ) -> None:
        place = place_of(message)
        if earlier := await self._store.answer_to(place.chat_id, place.message_id):
            # Asked already; but the picture may be another by now, or an album have more of them.
            if serial:
                await self._store.change_question(place.chat_id, earlier.answer_id, media)
            return
        if await self._store.latest_job(place.chat_id, place.message_id):
            return  # an edit took the phrases away, or brought some before this came
        question_id = await self._platform.send_text(
            place,
            speaker.sentences.which_phrases(),
            ForceReply(
                selective=True, input_field_placeholder=speaker.sentences.phrases_placeholder()
            ),
        )
        await insist(
            lambda: self._store.record_question(place.chat_id, question_id, speaker.user_id, media)
        )
        await insist(lambda: self._store.record_answer(place, question_id, is_chart=False))

    async def _target(self, message: Message, speaker: Speaker, serial: int) -> _Target | None:
        """The pictures that a message without a picture of its own is about."""
        replied_to = message.reply_to_message
        if serial or replied_to is None:
            asked = await self._open_question(message, speaker)
            # An edit, or it came once more, maybe with its question still open.
            if media := await self._asked_before(message):
                return asked if asked and asked.media == media else _Target(media)
            if replied_to is None:
                # An edit of what was said before we asked is about something else.
                is_before = serial and asked and message.message_id < (asked.question or 0)
                return None if is_before else asked
        if media := await self._store.question(message.chat_id, replied_to.message_id):
            return _Target(media, replied_to.message_id)
        # Our chart is a picture too, but who replies to it means the one that it speaks of.
        if job := await self._store.job_answered_by(message.chat_id, replied_to.message_id):
            return _Target(job.media)
        picture = self.picture_in(replied_to)
        if isinstance(picture, Media):
            return _Target((picture,))
        # A question that took Telegram too long was asked twice, and we know only the second one.
        if replied_to.from_user is not None and replied_to.from_user.is_bot:
            return await self._open_question(message, speaker, after=replied_to.message_id)
        return None

    async def _open_question(
        self, message: Message, speaker: Speaker, *, after: int | None = None
    ) -> _Target | None:
        """In private: the question of ours that is still open; see `Store.open_question`."""
        if not is_private(message):
            return None
        asked = await self._store.open_question(message.chat_id, speaker.user_id, after=after)
        return _Target(asked[1], asked[0]) if asked else None

    async def _asked_before(self, message: Message) -> tuple[Media, ...] | None:
        job = await self._store.latest_job(message.chat_id, message.message_id)
        return job.media if job else None

    def _not_a_picture(self, found: object, speaker: Speaker) -> str:
        if found is NotAPicture.MOVING:
            return speaker.sentences.moving_picture()
        return speaker.sentences.only_pictures()

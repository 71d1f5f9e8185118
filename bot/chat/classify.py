"""Messages that ask something: pictures, replies with phrases, /classify, and edits of them."""

from collections.abc import Sequence
from dataclasses import replace

from telegram import ExternalReplyInfo, ForceReply, Message

from bot.chat.answers.replies import ReplyService
from bot.chat.people import Speaker, is_by, is_private, place_of
from bot.chat.targets import Target, Targets
from bot.platform.models import ClassifyRequest, Media
from bot.queues.job_publisher import Admission, Busy, JobPublisher, JobRefused
from bot.queues.worker_registry import WorkerRegistry
from bot.storage import Store, retry_until_stored
from bot.telegram.pictures import NotAPicture, picture_in
from bot.telegram.platform import TelegramPlatform
from inference.protocol.errors import LabelsRefused, NoLabels
from inference.protocol.labels import parse


class Conversation:
    """Finds out which pictures and which phrases a message means, and asks the workers."""

    def __init__(
        self,
        platform: TelegramPlatform,
        store: Store,
        publisher: JobPublisher,
        registry: WorkerRegistry,
        *,
        max_labels: int,
    ) -> None:
        self._platform = platform
        self._store = store
        self._publisher = publisher
        self._registry = registry
        self._bot_id = publisher.bot_id
        self._answers = ReplyService(store, platform)
        self._max_labels = max_labels
        self._targets = Targets(store, self.picture_in, bot_id=self._bot_id, max_labels=max_labels)

    async def private_message(self, message: Message, speaker: Speaker, revision: int) -> None:
        """Anything but a command in a private chat. `revision` is 0 unless it is an edit."""
        (found,) = await self.pictures([message], message, revision)
        if isinstance(found, Media):
            await self.ask(message, speaker, (found,), message.caption, revision)
            return
        target: Target | NotAPicture | None = None
        if message.text and not is_by(message, self._bot_id):
            target = await self._targets.of(message, speaker, revision)
        if isinstance(target, Target):
            await self.ask(message, speaker, target.media, message.text, revision, target.question)
        elif revision == 0 and (message.text or message.effective_attachment):
            await self.refuse_target(message, speaker, found or target)

    async def group_message(self, message: Message, speaker: Speaker, revision: int) -> None:
        """Anything but a command in a group: only a reply to our own question is meant for us."""
        if not message.text:
            return
        target = await self._targets.in_group(message, revision)
        if isinstance(target, Target):
            await self.ask(message, speaker, target.media, message.text, revision)
        elif target and revision == 0:
            await self.refuse_target(message, speaker, target)

    async def classify(
        self, message: Message, speaker: Speaker, phrases: str, revision: int
    ) -> None:
        """`/classify phrases`, as a caption or as a reply to a picture."""
        (found,) = await self.pictures([message], message, revision)
        if isinstance(found, Media):
            await self.ask(message, speaker, (found,), phrases, revision)
            return
        target = await self._targets.of(message, speaker, revision, is_command=True)
        if isinstance(target, Target):
            await self.ask(message, speaker, target.media, phrases, revision, target.question)
        elif why := target or found:
            await self.refuse_target(message, speaker, why)
        else:
            await self.refuse(message, speaker.sentences.reply_to_picture())

    async def sort_by_stored(self, message: Message, speaker: Speaker) -> None:
        """Sorts a new message's own picture, if it has one, whatever its caption says."""
        picture = self.picture_in(message)
        if isinstance(picture, Media):
            await self.ask(message, speaker, (picture,), None, 0)

    def picture_in(self, message: Message | ExternalReplyInfo) -> Media | NotAPicture | None:
        """The message's picture, at the size that suits today's model; never one that we made."""
        picture = picture_in(message, self._registry.image_size)
        return NotAPicture.OURS if picture and is_by(message, self._bot_id) else picture

    async def pictures(
        self, messages: Sequence[Message], asking: Message, revision: int
    ) -> list[Media | NotAPicture | None]:
        """Each message's picture; in an edit of `asking`, at the size that was taken before.

        Another model may want another size by now, but the picture is still the same.
        """
        known = {media.unique_id: media for media in await self._shown_before(asking, revision)}
        found = []
        for message in messages:
            before = [
                known[size.file_unique_id] for size in message.photo if size.file_unique_id in known
            ]
            found.append(before[0] if before else self.picture_in(message))
        return found

    async def _shown_before(self, message: Message, revision: int) -> tuple[Media, ...]:
        if not revision:
            return ()
        if job := await self._store.latest_job(message.chat_id, message.message_id):
            return job.media
        return await self._asked_back(message) or ()

    async def _asked_back(self, message: Message) -> tuple[Media, ...] | None:
        """The pictures of the question with which we answered a message, if we did."""
        earlier = await self._store.answer_to(message.chat_id, message.message_id)
        if earlier is None:
            return None
        return await self._store.question(message.chat_id, earlier.answer_id)

    async def ask(
        self,
        message: Message,
        speaker: Speaker,
        media: tuple[Media, ...],
        phrases: str | None,
        revision: int,
        answers_question: int | None = None,
        admission: Admission | None = None,
    ) -> None:
        """Asks the workers, or asks back where there are no phrases.

        Args:
            answers_question: our question that this message answers, which is then closed.
            admission: of the album that this is a part of: that is told once that there is no room.
        """
        admission = admission or Admission()
        place = place_of(message)
        ask = ClassifyRequest(
            place=place,
            user_id=speaker.user_id,
            language=speaker.sentences.language,
            media=media,
            labels=speaker.person.labels,
            template=speaker.person.template,
            revision=revision,
            private=is_private(message),
            has_own_labels=False,
        )
        if phrases:
            try:
                labels = parse(phrases, max_labels=self._max_labels)
            except LabelsRefused as error:
                # A caption of commas is as good as none.
                if message.text or not isinstance(error, NoLabels):
                    refused = replace(ask, labels=_all_in(phrases), has_own_labels=True)
                    await self._refuse_phrases(
                        message, refused, speaker.sentences.labels_refused(error)
                    )
                    return
            else:
                ask = replace(ask, labels=labels, has_own_labels=True)
        if not ask.labels:
            await self._ask_back(message, speaker, ask)
            return
        if revision and not ask.has_own_labels and await self._is_asked_already(message, ask):
            return
        earlier = None
        if revision:  # an edit, and before it we may have asked for phrases
            earlier = await self._store.answer_to(message.chat_id, message.message_id)
        try:
            await self._publisher.submit(ask, admission)
        except JobRefused as refusal:
            if not (isinstance(refusal, Busy) and admission.is_refused):
                await self.refuse(message, str(refusal))
            admission.is_refused = admission.is_refused or isinstance(refusal, Busy)
            if await self._store.latest_job(place.chat_id, place.message_id) is None:
                await retry_until_stored(lambda: self._store.record_refusal(ask))
        else:
            # What we asked about this picture is settled, by a reply or by an edited caption.
            asked = {answers_question, earlier.answer_id if earlier else None} - {None}
            for question_id in asked:
                await self._store.close_questions(message.chat_id, speaker.user_id, question_id)

    async def refuse(self, message: Message, sentence: str) -> None:
        """Answers with a sentence, in place of any earlier sentence."""
        await self._answers.text(place_of(message), sentence)

    async def _refuse_phrases(
        self, message: Message, refused: ClassifyRequest, sentence: str
    ) -> None:
        """The message's last word; a chart of what it said before would wipe it out."""
        latest = await self._store.latest_job(message.chat_id, message.message_id)
        if latest and (
            latest.revision > refused.revision or latest.fingerprint == refused.fingerprint
        ):
            return  # its edit was faster, or it says the same once more
        await self._store.supersede(refused.place, refused.revision)
        await self.refuse(message, sentence)
        await retry_until_stored(lambda: self._store.record_refusal(refused))

    async def _is_asked_already(self, message: Message, ask: ClassifyRequest) -> bool:
        """Whether an edit shows what we asked back about; phrases that were stored since wait."""
        if await self._store.latest_job(message.chat_id, message.message_id):
            return False  # it says itself what the message said
        asked = await self._asked_back(message) or ()
        return [media.unique_id for media in asked] == [media.unique_id for media in ask.media]

    async def _ask_back(self, message: Message, speaker: Speaker, ask: ClassifyRequest) -> None:
        place = ask.place
        latest = await self._store.latest_job(place.chat_id, place.message_id)
        if latest and latest.revision < ask.revision:
            # Its phrases were taken away. Once others are stored, that is no reason to answer.
            await self._store.change_fingerprint(latest.id, ask.fingerprint)
        if earlier := await self._store.answer_to(place.chat_id, place.message_id):
            # Asked already; but the picture may be another by now, or an album have more of them.
            if ask.revision:
                await self._store.change_question(place.chat_id, earlier.answer_id, ask.media)
            return
        if latest:
            return  # an edit took the phrases away, or brought some before this came
        question_id = await self._platform.send_text(
            place,
            speaker.sentences.which_phrases(),
            ForceReply(
                selective=True, input_field_placeholder=speaker.sentences.phrases_placeholder()
            ),
        )
        await retry_until_stored(
            lambda: self._store.record_question(
                place.chat_id, question_id, speaker.user_id, ask.media
            )
        )
        await retry_until_stored(
            lambda: self._store.record_answer(place, question_id, is_chart=False)
        )

    async def refuse_target(self, message: Message, speaker: Speaker, why: object) -> None:
        """Says why a message is about no picture."""
        sentences = speaker.sentences
        if why is NotAPicture.MOVING:
            sentence = sentences.moving_picture()
        elif why is NotAPicture.OURS:
            sentence = sentences.picture_forgotten()
        elif why is None and await self._targets.last_picture(message, speaker):
            sentence = sentences.one_phrase()
        else:
            sentence = sentences.only_pictures()
        await self.refuse(message, sentence)


def _all_in(phrases: str) -> tuple[str, ...]:
    """Return all phrases of a refused text, so that it says the same under another limit."""
    try:
        return parse(phrases, max_labels=len(phrases), max_length=len(phrases))
    except NoLabels:
        return ()

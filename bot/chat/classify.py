"""Messages that want pictures sorted: pictures, replies, /classify, and edits of them."""

import datetime
from dataclasses import replace

from bot.chat.answers.phrase_questions import PhraseQuestions
from bot.chat.answers.replies import ReplyService
from bot.chat.label_sets.finder import LabelFinder
from bot.chat.label_sets.texts import refusal as refusal_of
from bot.chat.people import Speaker
from bot.chat.photo_jobs import Admission, Busy, JobRefused, PhotoJobs
from bot.chat.pictures.album_parts import numbered
from bot.chat.pictures.frame_offers import FrameOffers
from bot.chat.pictures.shown_pictures import ShownPictures, worst_of
from bot.chat.targets import FirstFrames, NoPictures, TargetFinder, TargetPictures
from bot.platform.incoming import (
    IncomingMessage,
    NotAPicture,
)
from bot.platform.models import ClassifyRequest, Media
from bot.platform.ports import ChatPlatform
from bot.queues.worker_registry import WorkerRegistry
from bot.storage import Store, retry_until_stored
from inference.protocol.errors import LabelsRefused, NoLabels
from inference.protocol.labels import parse

# Seconds after a message was sent. Within them, its edit can be handled before the message itself,
# if the message had to be tried again.
_TRIED_AGAIN_WITHIN = 600.0


class ClassifyHandler:
    """Finds out which pictures and which phrases a message means, and asks the workers."""

    def __init__(
        self,
        platform: ChatPlatform,
        store: Store,
        jobs: PhotoJobs,
        registry: WorkerRegistry,
        *,
        max_labels: int,
    ) -> None:
        self._platform = platform
        self._store = store
        self._jobs = jobs
        self._replies = ReplyService(store, platform)
        self._shown = ShownPictures(store, registry)
        self.pictures_in = self._shown.pictures_in
        self.found_in = self._shown.found_in
        self._labels = LabelFinder(store, max_labels=max_labels)
        self._targets = TargetFinder(store, self.pictures_in, max_labels=max_labels)
        self._questions = PhraseQuestions(platform, store)
        self._offers = FrameOffers(platform, store, self._replies, self.ask)
        self.presses = self._offers.presses

    async def private_message(self, message: IncomingMessage, speaker: Speaker) -> None:
        """Handle anything but a command in a private chat."""
        if _is_late_edit(message) and not await self._shown.remembers(message):
            return  # what was stored about it is deleted, and the edit asks for nothing
        found = await self.found_in([message], message)
        if media := numbered(found):
            await self.ask(message, speaker, media, message.caption)
            return
        target: TargetPictures | NoPictures | None = None
        if message.text and not message.is_caption and not message.is_ours:
            target = await self._targets.of(message, speaker)
        if isinstance(target, TargetPictures):
            await self.ask(message, speaker, target.media, message.text, target.question)
            return
        why = worst_of(found) or target
        if isinstance(why, FirstFrames) and message.is_edit:
            await self._offers.change(message, why.media, message.text)
        elif not message.is_edit and message.has_content:
            await self.refuse_target(message, speaker, why, message.text)

    async def group_message(self, message: IncomingMessage, speaker: Speaker) -> None:
        """Handle anything but a command in a group.

        Answer only replies to our own questions, and photos for which labels were chosen.
        """
        if not message.text and (media := numbered(await self.found_in([message], message))):
            if await self._labels.chosen(message, speaker):
                await self.ask(message, speaker, media, None)
            return
        if not message.text or message.is_caption:
            return
        target = await self._targets.in_group(message)
        if isinstance(target, TargetPictures):
            await self.ask(message, speaker, target.media, message.text, target.question)
        elif target and not message.is_edit:
            await self.refuse_target(message, speaker, target, message.text)

    async def classify(self, message: IncomingMessage, speaker: Speaker, phrases: str) -> None:
        """`/classify phrases`, as a caption or as a reply to a picture."""
        found = await self.found_in([message], message)
        if media := numbered(found):
            await self.ask(message, speaker, media, phrases)
            return
        target = await self._targets.of(message, speaker)
        if isinstance(target, TargetPictures):
            await self.ask(message, speaker, target.media, phrases, target.question)
        elif why := target or worst_of(found):
            await self.refuse_target(message, speaker, why, phrases)
        else:
            await self.refuse(message, speaker.sentences.reply_to_picture())

    async def sort_by_stored(self, message: IncomingMessage, speaker: Speaker) -> None:
        """Sort the picture whose caption is a command, in a private chat, by stored phrases."""
        pictures = self.pictures_in(message.attachments)
        if message.is_private and not message.album_id and isinstance(pictures, tuple):
            await self.ask(message, speaker, pictures, None)

    async def ask(
        self,
        message: IncomingMessage,
        speaker: Speaker,
        media: tuple[Media, ...],
        phrases: str | None,
        answers_question: int | None = None,
        admission: Admission | None = None,
    ) -> None:
        """Ask the workers, or ask the person if there are no phrases.

        Args:
            phrases: as typed; None or empty: the person's stored ones.
            answers_question: our question that this message answers, which is then closed.
            admission: of the album that this is a part of, so that a lack of room is told once.
        """
        admission = admission or Admission()
        ref, sentences = message.ref, speaker.sentences
        request = ClassifyRequest(
            ref=ref,
            user_id=speaker.user_id,
            language=sentences.language,
            media=media,
            labels=(),
            template=speaker.person.template,
            revision=message.revision,
            private=message.is_private,
            has_own_labels=False,
            platform=self._platform.name,
        )
        if phrases:
            try:
                read = await self._labels.read(phrases, speaker)
            except LabelsRefused as error:
                # A caption of nothing but separators counts as no caption.
                is_text = bool(message.text) and not message.is_caption
                if is_text or not isinstance(error, NoLabels):
                    refused = replace(request, labels=_all_in(phrases), has_own_labels=True)
                    await self._refuse_phrases(message, refused, refusal_of(error, sentences))
                    return
            else:
                request = replace(
                    request, labels=read.labels, typed=read.typed, has_own_labels=True
                )
        if not request.has_own_labels:
            request = replace(request, labels=await self._labels.stored(message, speaker))
        if not request.labels:
            await self._ask_back(speaker, request)
            return
        if (
            message.is_edit
            and not request.has_own_labels
            and await self._is_asked_already(message, request)
        ):
            return
        earlier = None
        if message.is_edit:  # we may have asked for phrases before the edit
            earlier = await self._store.answer_to(ref.chat_id, ref.message_id)
        try:
            await self._jobs.submit(request, admission)
        except JobRefused as refusal:
            if not (isinstance(refusal, Busy) and admission.is_refused):
                await self.refuse(message, str(refusal))
            admission.is_refused = admission.is_refused or isinstance(refusal, Busy)
            if await self._store.latest_job(ref.chat_id, ref.message_id) is None:
                await retry_until_stored(lambda: self._store.record_refusal(request))
        else:
            # A reply or an edited caption has answered what we asked about this picture.
            asked = {answers_question, earlier.answer_id if earlier else None} - {None}
            for question_id in asked:
                await self._store.close_questions(ref.chat_id, speaker.user_id, question_id)

    async def refuse(self, message: IncomingMessage, sentence: str) -> None:
        """Answer with a sentence, in place of any earlier sentence."""
        await self._replies.text(message.ref, sentence)

    async def _refuse_phrases(
        self, message: IncomingMessage, refused: ClassifyRequest, sentence: str
    ) -> None:
        """Refuse what a message says now. No chart of its earlier text can replace the refusal."""
        latest = await self._store.latest_job(message.ref.chat_id, message.ref.message_id)
        if latest and (
            latest.revision > refused.revision or latest.fingerprint == refused.fingerprint
        ):
            return  # its edit came first, or it says the same as before
        await self._store.supersede(refused.ref, refused.revision)
        await self.refuse(message, sentence)
        await retry_until_stored(lambda: self._store.record_refusal(refused))

    async def _is_asked_already(self, message: IncomingMessage, request: ClassifyRequest) -> bool:
        """Return whether an edit shows the pictures of our open question.

        Phrases that the person stored since then do not answer it.
        """
        if await self._store.latest_job(message.ref.chat_id, message.ref.message_id):
            return False  # the job's fingerprint tells whether the edit says anything new
        asked = await self._shown.asked_back(message) or ()
        return [media.unique_id for media in asked] == [media.unique_id for media in request.media]

    async def _ask_back(self, speaker: Speaker, request: ClassifyRequest) -> None:
        ref = request.ref
        latest = await self._store.latest_job(ref.chat_id, ref.message_id)
        if latest and latest.revision < request.revision:
            # An edit removed its phrases. When the person stores phrases later, another edit must
            # not ask again.
            await self._store.change_fingerprint(latest.id, request.fingerprint)
        earlier = await self._store.answer_to(ref.chat_id, ref.message_id)
        if earlier and await self._store.offer(ref.chat_id, earlier.answer_id):
            question = speaker.sentences.which_phrases()
            await self._questions.ask(ref, speaker.user_id, request.media, question, speaker)
            return
        if earlier:
            # We asked already; but the edit may show another picture, or an album has more items.
            if request.revision:
                await self._store.change_question(ref.chat_id, earlier.answer_id, request.media)
            return
        if latest:
            return  # a later edit came first: it removed the phrases, or added some
        question_id = await self._platform.ask_for_reply(
            ref, speaker.sentences.which_phrases(), speaker.sentences.phrases_placeholder()
        )
        await retry_until_stored(
            lambda: self._store.record_question(
                ref.chat_id, question_id, speaker.user_id, request.media
            )
        )
        await retry_until_stored(
            lambda: self._store.record_answer(ref, question_id, is_chart=False)
        )

    async def refuse_target(
        self,
        message: IncomingMessage,
        speaker: Speaker,
        why: NoPictures | None,
        phrases: str | None = None,
    ) -> None:
        """Say why a message is about no picture, or offer what can be sorted instead.

        Args:
            phrases: as typed; first frames that are offered are compared with them.
        """
        sentences = speaker.sentences
        if isinstance(why, FirstFrames):
            await self._offers.offer(message, speaker, why.media, phrases or "")
            return
        if why is NotAPicture.MOVING:
            sentence = sentences.moving_picture()
        elif why is NotAPicture.OURS:
            sentence = sentences.picture_forgotten()
        elif why is None and await self._targets.last_picture(message, speaker):
            sentence = sentences.one_phrase()
        else:
            sentence = sentences.only_pictures()
        await self.refuse(message, sentence)


def _is_late_edit(message: IncomingMessage) -> bool:
    """Return whether a message without phrases was edited long after it was sent."""
    age = datetime.datetime.now(datetime.UTC) - message.sent_at
    return message.is_edit and not message.text and age.total_seconds() > _TRIED_AGAIN_WITHIN


def _all_in(phrases: str) -> tuple[str, ...]:
    """Return all phrases of a refused text, whatever the limits: they are its fingerprint."""
    try:
        return parse(phrases, max_labels=len(phrases), max_length=len(phrases))
    except NoLabels:
        return ()

"""Messages that want pictures sorted: pictures, replies, /classify, and edits of them."""

from collections.abc import Sequence
from dataclasses import replace

from bot.chat.album_parts import numbered
from bot.chat.answers.replies import ReplyService
from bot.chat.people import Speaker
from bot.chat.photo_jobs import Admission, Busy, JobRefused, PhotoJobs
from bot.chat.targets import TargetFinder, TargetPictures
from bot.platform.incoming import Attachment, IncomingMessage, NotAPicture, Picture
from bot.platform.models import ClassifyRequest, Media
from bot.platform.ports import ChatPlatform
from bot.queues.worker_registry import WorkerRegistry
from bot.storage import Store, retry_until_stored
from inference.protocol.errors import LabelsRefused, NoLabels
from inference.protocol.labels import parse


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
        self._registry = registry
        self._replies = ReplyService(store, platform)
        self._max_labels = max_labels
        self._targets = TargetFinder(store, self.pictures_in, max_labels=max_labels)

    async def private_message(self, message: IncomingMessage, speaker: Speaker) -> None:
        """Handle anything but a command in a private chat."""
        found = await self.found_in([message], message)
        if media := numbered(found):
            await self.ask(message, speaker, media, message.caption)
            return
        target: TargetPictures | NotAPicture | None = None
        if message.text and not message.is_caption and not message.is_ours:
            target = await self._targets.of(message, speaker)
        if isinstance(target, TargetPictures):
            await self.ask(message, speaker, target.media, message.text, target.question)
        elif not message.is_edit and message.has_content:
            await self.refuse_target(message, speaker, worst_of(found) or target)

    async def group_message(self, message: IncomingMessage, speaker: Speaker) -> None:
        """Handle anything but a command in a group: a reply to our own question, or nothing."""
        if not message.text or message.is_caption:
            return
        target = await self._targets.in_group(message)
        if isinstance(target, TargetPictures):
            await self.ask(message, speaker, target.media, message.text)
        elif target and not message.is_edit:
            await self.refuse_target(message, speaker, target)

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
            await self.refuse_target(message, speaker, why)
        else:
            await self.refuse(message, speaker.sentences.reply_to_picture())

    async def sort_by_stored(self, message: IncomingMessage, speaker: Speaker) -> None:
        """Sort a new message's own pictures by stored phrases, whatever its caption says."""
        pictures = self.pictures_in(message.attachments)
        if isinstance(pictures, tuple):
            await self.ask(message, speaker, pictures, None)

    def pictures_in(
        self, attachments: Sequence[Attachment]
    ) -> tuple[Media, ...] | NotAPicture | None:
        """Return the pictures at the size that suits today's model.

        If there is none, return why the attachments are no pictures; None without attachments.
        """
        found = [self._at_todays_size(one) for one in attachments]
        return numbered(found) or worst_of(found)

    def _at_todays_size(self, attachment: Attachment) -> Media | NotAPicture:
        if isinstance(attachment, Picture):
            return attachment.sufficient(self._registry.image_size)
        return attachment

    async def found_in(
        self, messages: Sequence[IncomingMessage], asking: IncomingMessage
    ) -> list[Media | NotAPicture | None]:
        """Return what each message shows; None for one that carries nothing.

        In an edit of `asking`, pictures have the size that was taken before: another model may want
        another size by now, but the picture is still the same.
        """
        known = {media.unique_id: media for media in await self._shown_before(asking)}
        found: list[Media | NotAPicture | None] = []
        for message in messages:
            for one in message.attachments:
                sizes = one.sizes if isinstance(one, Picture) else ()
                before = (known.get(size.media.unique_id) for size in sizes)
                found.append(next(filter(None, before), None) or self._at_todays_size(one))
            if not message.attachments:
                found.append(None)
        return found

    async def _shown_before(self, message: IncomingMessage) -> tuple[Media, ...]:
        if not message.is_edit:
            return ()
        if job := await self._store.latest_job(message.ref.chat_id, message.ref.message_id):
            return job.media
        return await self._asked_back(message) or ()

    async def _asked_back(self, message: IncomingMessage) -> tuple[Media, ...] | None:
        """Return the pictures of the question with which we answered a message, if we did."""
        earlier = await self._store.answer_to(message.ref.chat_id, message.ref.message_id)
        if earlier is None:
            return None
        return await self._store.question(message.ref.chat_id, earlier.answer_id)

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
            labels=speaker.person.labels,
            template=speaker.person.template,
            revision=message.revision,
            private=message.is_private,
            has_own_labels=False,
            platform=self._platform.name,
        )
        if phrases:
            try:
                labels = parse(phrases, max_labels=self._max_labels)
            except LabelsRefused as error:
                # A caption of nothing but separators counts as no caption.
                is_text = bool(message.text) and not message.is_caption
                if is_text or not isinstance(error, NoLabels):
                    refused = replace(request, labels=_all_in(phrases), has_own_labels=True)
                    await self._refuse_phrases(message, refused, sentences.labels_refused(error))
                    return
            else:
                request = replace(request, labels=labels, has_own_labels=True)
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
        asked = await self._asked_back(message) or ()
        return [media.unique_id for media in asked] == [media.unique_id for media in request.media]

    async def _ask_back(self, speaker: Speaker, request: ClassifyRequest) -> None:
        ref = request.ref
        latest = await self._store.latest_job(ref.chat_id, ref.message_id)
        if latest and latest.revision < request.revision:
            # An edit removed its phrases. When the person stores phrases later, another edit must
            # not ask again.
            await self._store.change_fingerprint(latest.id, request.fingerprint)
        if earlier := await self._store.answer_to(ref.chat_id, ref.message_id):
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
        self, message: IncomingMessage, speaker: Speaker, why: NotAPicture | None
    ) -> None:
        """Say why a message is about no picture."""
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


def worst_of(found: Sequence[Media | NotAPicture | None]) -> NotAPicture | None:
    """Return why none of these is a picture: of several reasons, the most helpful one."""
    reasons = (NotAPicture.OURS, NotAPicture.MOVING, NotAPicture.OTHER_FILE)
    return next((why for why in reasons if why in found), None)


def _all_in(phrases: str) -> tuple[str, ...]:
    """Return all phrases of a refused text, whatever the limits: they are its fingerprint."""
    try:
        return parse(phrases, max_labels=len(phrases), max_length=len(phrases))
    except NoLabels:
        return ()

"""What messages show: pictures at the size that the model needs, or why they are none."""

from collections.abc import Mapping, Sequence

import msgspec

from bot.chat.pictures.album_parts import numbered
from bot.chat.targets import FirstFrames, NoPictures
from bot.platform.incoming import (
    Attachment,
    IncomingMessage,
    MovingPicture,
    NotAPicture,
    Picture,
)
from bot.platform.models import Media
from bot.queues.worker_registry import WorkerRegistry
from bot.storage import Store

# What one item shows; None: nothing.
Shown = Media | MovingPicture | NotAPicture | None


class ShownPictures:
    """Finds the pictures in messages and in what they carry."""

    def __init__(self, store: Store, registry: WorkerRegistry) -> None:
        self._store = store
        self._registry = registry

    def pictures_in(
        self, attachments: Sequence[Attachment]
    ) -> tuple[Media, ...] | NoPictures | None:
        """Return the pictures at the size that suits today's model.

        If there is none, return why the attachments are no pictures; None without attachments.
        """
        found = [self._at_todays_size(one) for one in attachments]
        return numbered(found) or worst_of(found)

    def _at_todays_size(self, attachment: Attachment) -> Media | MovingPicture | NotAPicture:
        if isinstance(attachment, Picture):
            return attachment.sufficient(self._registry.image_size)
        return attachment

    async def found_in(
        self, messages: Sequence[IncomingMessage], asking: IncomingMessage
    ) -> list[Shown]:
        """Return what each message shows; None for one that carries nothing.

        In an edit of `asking`, pictures have the size that was taken before: another model may want
        another size by now, but the picture is still the same. A first frame that was sorted before
        counts as a picture.
        """
        known = {media.unique_id: media for media in await self._shown_before(asking)}
        found: list[Shown] = []
        for message in messages:
            found += [
                _as_before(one, known) or self._at_todays_size(one) for one in message.attachments
            ]
            if not message.attachments:
                found.append(None)
        return found

    async def _shown_before(self, message: IncomingMessage) -> tuple[Media, ...]:
        if not message.is_edit:
            return ()
        if job := await self._store.latest_job(message.ref.chat_id, message.ref.message_id):
            return job.media
        return await self.asked_back(message) or ()

    async def remembers(self, message: IncomingMessage) -> bool:
        """Return whether a message is known: it asked something, or was answered."""
        chat_id, message_id = message.ref.chat_id, message.ref.message_id
        return bool(
            await self._store.latest_job(chat_id, message_id)
            or await self._store.answer_to(chat_id, message_id)
        )

    async def asked_back(self, message: IncomingMessage) -> tuple[Media, ...] | None:
        """Return the pictures of the question with which we answered a message, if we did."""
        chat_id = message.ref.chat_id
        earlier = await self._store.answer_to(chat_id, message.ref.message_id)
        if earlier is None or await self._store.offer(chat_id, earlier.answer_id):
            return None
        return await self._store.question(chat_id, earlier.answer_id)


def worst_of(found: Sequence[Shown]) -> NoPictures | None:
    """Return why none of these is a picture: of several reasons, the most helpful one."""
    if NotAPicture.OURS in found:
        return NotAPicture.OURS
    if frames := numbered([one.frame if isinstance(one, MovingPicture) else one for one in found]):
        return FirstFrames(frames)
    reasons = (NotAPicture.MOVING, NotAPicture.OTHER_FILE)
    return next((why for why in reasons if why in found), None)


def _as_before(attachment: Attachment, known: Mapping[str, Media]) -> Media | None:
    """Return the size or frame that was taken before, with the spoiler mark that it has now."""
    for now in _media_of(attachment):
        if before := known.get(now.unique_id):
            return msgspec.structs.replace(before, has_spoiler=now.has_spoiler)
    return None


def _media_of(attachment: Attachment) -> list[Media]:
    if isinstance(attachment, Picture):
        return [size.media for size in attachment.sizes]
    return [attachment.frame] if isinstance(attachment, MovingPicture) else []

"""Messages and pictures of Alice's, as an adapter hands them to the bot."""

import datetime
from typing import Any

from bot.platform.incoming import (
    Attachment,
    Author,
    ChatKind,
    ChatTopic,
    Command,
    IncomingMessage,
    NotAPicture,
    Picture,
    PictureSize,
    ReferencedMessage,
)
from bot.platform.models import Media, MessageRef

ALICE = Author(7, "Alice", language="en")
PRIVATE = ChatTopic(ChatKind.PRIVATE, 7, 7)
GROUP = ChatTopic(ChatKind.GROUP, -100, -100)


def picture(*sizes: tuple[int, int]) -> Picture:
    """Return a picture that the platform keeps in these sizes, the smallest first."""
    return Picture(
        tuple(
            PictureSize(
                Media(f"{width}x{height}-id", f"{width}x{height}-unique", 10), min(width, height)
            )
            for width, height in sizes or [(400, 300)]
        )
    )


def message(
    number: int = 1,
    text: str = "",
    *shown: Attachment,
    topic: ChatTopic = PRIVATE,
    author: Author = ALICE,
    revision: int = 0,
    **fields: Any,
) -> IncomingMessage:
    """Return a message of Alice's; its text is a caption if it shows something."""
    name, _, argument = text.removeprefix("/").partition(" ")
    return IncomingMessage(
        ref=MessageRef(topic.chat_id, number, topic.thread_id),
        topic=topic,
        author=author,
        sent_at=datetime.datetime.now(datetime.UTC),
        text=text,
        is_caption=bool(text and shown),
        command=Command(name, argument) if text.startswith("/") else None,
        attachments=shown,
        sequence=revision,
        is_edit=revision > 0,
        **fields,
    )


def referenced(shown: IncomingMessage) -> ReferencedMessage:
    """Return a message in the form in which a reply refers to it."""
    return ReferencedMessage(
        shown.ref,
        is_ours=shown.is_ours,
        text="" if shown.is_caption else shown.text,
        attachments=shown.attachments,
    )


def ours(
    number: int, text: str = "", *buttons: str, topic: ChatTopic = PRIVATE
) -> ReferencedMessage:
    """Return a message of the bot, in the form in which a reply or a press refers to it.

    Args:
        buttons: what its buttons send.
    """
    ref = MessageRef(topic.chat_id, number)
    return ReferencedMessage(ref, is_ours=True, text=text, buttons=buttons)


def chart(number: int, *, topic: ChatTopic = PRIVATE) -> ReferencedMessage:
    """Return a chart of the bot, in the form in which a reply refers to it."""
    shown = (NotAPicture.OURS,)
    return ReferencedMessage(MessageRef(topic.chat_id, number), is_ours=True, attachments=shown)

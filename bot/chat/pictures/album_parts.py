"""Which items of an album each of its captions is about, and how people number them."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bot.platform.incoming import IncomingMessage
from bot.platform.models import Media


@dataclass(frozen=True)
class AlbumPart:
    """Items of an album that are one question.

    Attributes:
        asking: the item to answer.
        messages: all items, in the order in which people see them.
        phrases: what to compare them with; None: the person's stored phrases.
        first: the position of the first item in its album, from 1.
    """

    asking: IncomingMessage
    messages: tuple[IncomingMessage, ...]
    phrases: str | None
    first: int = 1


def parts_of(messages: Sequence[IncomingMessage], asking_id: int | None) -> list[AlbumPart]:
    """Return the questions of an album: one for each of its captions, if they differ.

    A caption is about its own item and those without a caption after it; the first one also about
    those before it. In a group only /classify counts as a caption: without it there is no question.

    Args:
        messages: 1..10 items, in order.
        asking_id: the item that was answered before; if all items are one question, it is
            answered again.
    """
    captions = {
        position: phrases
        for position, message in enumerate(messages)
        if (phrases := _phrases(message)) is not None
    }
    if not captions and not messages[0].is_private:
        return []
    if len(set(captions.values())) < 2:
        captioned, phrases = next(iter(captions.items()), (0, ""))
        before = next((m for m in messages if m.ref.message_id == asking_id), None)
        return [AlbumPart(before or messages[captioned], tuple(messages), phrases or None)]
    positions = list(captions)
    starts, ends = [0, *positions[1:]], [*positions[1:], len(messages)]
    return [
        AlbumPart(
            messages[position],
            tuple(messages[start:end]),
            captions[position] or None,
            start + 1,
        )
        for position, start, end in zip(positions, starts, ends, strict=True)
    ]


def _phrases(message: IncomingMessage) -> str | None:
    """Return what an item's caption asks for; "" for the stored phrases, None for no caption."""
    if not message.caption:
        return None
    if message.command and message.command.name == "classify":
        return message.command.argument
    if not message.is_private:
        return None
    return "" if message.command or message.is_for_another_bot else message.caption


def numbered(found: Sequence[object], first: int = 1) -> tuple[Media, ...]:
    """Return the pictures among an album's items, numbered as people count them.

    Args:
        found: what each item shows.
        first: the position of the first of these items in its album, from 1.
    """
    pictures = {n: one for n, one in enumerate(found, first) if isinstance(one, Media)}
    skipped = tuple(n for n in range(first, first + len(found)) if n not in pictures)
    counts = skipped or (first > 1 and len(pictures) > 1)
    return tuple(
        msgspec.structs.replace(
            picture,
            number=n if counts else 0,
            skipped=skipped if n == min(pictures) else (),
        )
        for n, picture in pictures.items()
    )

"""Which items of an album each of its captions is about, and how they are counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from telegram import Message

from bot.chat.commands import command_in, is_for_another_bot
from bot.chat.people import is_private
from bot.platform.models import Media


@dataclass(frozen=True)
class Part:
    """Items of an album that are one question.

    Attributes:
        asking: the item to answer.
        messages: all items, in the order in which people see them.
        phrases: what to compare them with; None: the person's stored phrases.
        first: the place of the first item in its album, from 1.
    """

    asking: Message
    messages: tuple[Message, ...]
    phrases: str | None
    first: int = 1


def parts_of(messages: Sequence[Message], asking_id: int | None, username: str) -> list[Part]:
    """The questions of an album: one for each of its captions, where they differ.

    A caption is about its own item and those without a caption after it; the first one also about
    those before it. In a group only /classify counts as a caption: without it there is no question.

    Args:
        messages: 1..10 items, in order.
        asking_id: the item that was answered before; it stays so where all items are one question.
        username: the bot's own, without @.
    """
    captions = {
        place: phrases
        for place, message in enumerate(messages)
        if (phrases := _phrases(message, username)) is not None
    }
    if not captions and not is_private(messages[0]):
        return []
    if len(set(captions.values())) < 2:
        captioned, phrases = next(iter(captions.items()), (0, ""))
        before = next((m for m in messages if m.message_id == asking_id), None)
        return [Part(before or messages[captioned], tuple(messages), phrases or None)]
    places = list(captions)
    starts, ends = [0, *places[1:]], [*places[1:], len(messages)]
    return [
        Part(messages[place], tuple(messages[start:end]), captions[place] or None, start + 1)
        for place, start, end in zip(places, starts, ends, strict=True)
    ]


def _phrases(message: Message, username: str) -> str | None:
    """What an item's caption asks for; "" stands for the stored phrases, None for no caption."""
    if not message.caption:
        return None
    command = command_in(message, username)
    if command and command.name == "classify":
        return command.argument
    if not is_private(message):
        return None
    return "" if command or is_for_another_bot(message, username) else message.caption


def numbered(found: Sequence[object], first: int) -> tuple[Media, ...]:
    """The pictures among an album's items, which count as people see them.

    Args:
        found: what each item shows.
        first: the place of the first of these items in its album, from 1.
    """
    pictures = {place: one for place, one in enumerate(found, first) if isinstance(one, Media)}
    skipped = tuple(place for place in range(first, first + len(found)) if place not in pictures)
    counts = skipped or (first > 1 and len(pictures) > 1)
    return tuple(
        msgspec.structs.replace(
            picture,
            number=place if counts else 0,
            skipped=skipped if place == min(pictures) else (),
        )
        for place, picture in pictures.items()
    )

"""What picture, if any, a Telegram message carries."""

from collections.abc import Sequence
from enum import Enum
from pathlib import PurePath

from telegram import Document, Message, PhotoSize, Sticker

from bot.asks import Media

# Image files that phones send with a useless mime type.
_SUFFIXES = {
    ".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif",
}  # fmt: skip


class NotAPicture(Enum):
    """Why a message that carries a file carries no picture for us."""

    OTHER_FILE = "other file"
    MOVING = "moving"


def picture_in(message: Message, image_size: int) -> Media | NotAPicture | None:
    """The message's picture; None when it carries no file at all.

    Args:
        image_size: shorter side, in pixels, that the model looks at.
    """
    if message.photo:
        return _media(smallest_sufficient(message.photo, image_size))
    if message.sticker:
        moving = message.sticker.is_animated or message.sticker.is_video
        return NotAPicture.MOVING if moving else _media(message.sticker)
    # An animation also comes as a document; a real GIF file can be read, an MP4 can't.
    if message.document and _is_picture(message.document):
        return _media(message.document)
    if message.animation or message.video or message.video_note:
        return NotAPicture.MOVING
    if message.document:
        moving = (message.document.mime_type or "").startswith("video/")
        return NotAPicture.MOVING if moving else NotAPicture.OTHER_FILE
    return None


def smallest_sufficient(sizes: Sequence[PhotoSize], image_size: int) -> PhotoSize:
    """The smallest size that the model would not have to enlarge, else the largest there is.

    Telegram keeps a photo at several sizes; the model shrinks them all to `image_size` anyway.
    """
    by_area = sorted(sizes, key=lambda size: size.width * size.height)
    for size in by_area:
        if min(size.width, size.height) >= image_size:
            return size
    return by_area[-1]


def _is_picture(document: Document) -> bool:
    mime_type = (document.mime_type or "").lower()
    if mime_type.startswith("image/"):
        return True
    vague = mime_type in {"", "application/octet-stream"}
    return vague and PurePath(document.file_name or "").suffix.lower() in _SUFFIXES


def _media(file: PhotoSize | Document | Sticker) -> Media:
    return Media(
        file_id=file.file_id,
        unique_id=file.file_unique_id,
        size=file.file_size,
    )

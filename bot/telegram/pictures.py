"""What picture, if any, a Telegram message carries."""

from collections.abc import Sequence
from enum import Enum
from pathlib import PurePath

from telegram import Document, ExternalReplyInfo, Message, PhotoSize, Sticker

from bot.platform.models import Media

# Names of picture formats, as the end of a file's name and as programs write them into mime types.
_FORMATS = {
    "jpg", "jpeg", "jpe", "jfif", "jif", "pjpeg", "pjp", "png", "apng", "webp", "gif", "bmp",
    "dib", "tif", "tiff", "heic", "heif", "hif", "heics", "heifs", "avif", "avifs", "mpo",
}  # fmt: skip
_FILM_SUFFIXES = {
    "mp4", "m4v", "mov", "avi", "mkv", "webm", "mpg", "mpeg", "3gp", "wmv", "flv", "tgs",
}  # fmt: skip
_OTHER_SUFFIXES = {
    "pdf", "zip", "rar", "7z", "gz", "bz2", "xz", "zst", "tar", "tgz", "jar", "apk", "exe",
    "msi", "dmg", "iso", "deb", "rpm", "txt", "md", "log", "csv", "tsv", "json", "xml", "html",
    "htm", "yaml", "yml", "toml", "ini", "rtf", "doc", "docx", "odt", "xls", "xlsx", "ods",
    "ppt", "pptx", "odp", "epub", "mobi", "fb2", "djvu", "ps", "tex", "py", "js", "c", "h",
    "cpp", "java", "sh", "sql", "db", "sqlite", "ttf", "otf", "torrent", "ics", "vcf", "mp3",
    "m4a", "ogg", "oga", "opus", "wav", "flac", "aac", "wma", "mid",
}  # fmt: skip
# What programs say of files that they know nothing of.
_VAGUE_TYPES = {
    "", "application/octet-stream", "binary/octet-stream", "application/binary",
    "application/unknown", "application/x-unknown", "application/download",
    "application/force-download", "application/x-download", "unknown/unknown", "*/*",
}  # fmt: skip


class NotAPicture(Enum):
    """Why a message that carries a file carries no picture for us."""

    OTHER_FILE = "other file"
    MOVING = "moving"
    OURS = "a chart or a board of ours, whose picture is not known any more"


def picture_in(message: Message | ExternalReplyInfo, image_size: int) -> Media | NotAPicture | None:
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
        return NotAPicture.MOVING if _is_film(message.document) else NotAPicture.OTHER_FILE
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
    """Whether the file may be a picture: only its bytes say whether it is.

    What its type or name says plainly to be something else is not fetched.
    """
    mime_type, suffix = _mime_type(document), _suffix(document)
    family, _, subtype = mime_type.partition("/")
    if family == "image" or subtype.removeprefix("x-") in _FORMATS:
        return True
    if family in {"video", "audio"}:
        return False
    if suffix in _FORMATS:
        return True
    return mime_type in _VAGUE_TYPES and suffix not in _FILM_SUFFIXES | _OTHER_SUFFIXES


def _is_film(document: Document) -> bool:
    mime_type = _mime_type(document)
    return mime_type.startswith("video/") or (
        mime_type in _VAGUE_TYPES and _suffix(document) in _FILM_SUFFIXES
    )


def _mime_type(document: Document) -> str:
    return (document.mime_type or "").partition(";")[0].strip().lower()


def _suffix(document: Document) -> str:
    return PurePath(document.file_name or "").suffix.lower().removeprefix(".").strip()


def _media(file: PhotoSize | Document | Sticker) -> Media:
    return Media(
        file_id=file.file_id,
        unique_id=file.file_unique_id,
        size=file.file_size,
    )

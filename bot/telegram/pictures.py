"""Which picture or file a Telegram message carries."""

from pathlib import PurePath

from telegram import (
    Animation,
    Document,
    ExternalReplyInfo,
    Message,
    PhotoSize,
    Sticker,
    Video,
    VideoNote,
)

from bot.platform.incoming import Attachment, MovingPicture, NotAPicture, Picture, PictureSize
from bot.platform.models import Media

# Picture formats, as suffixes of file names and as programs name them in MIME types.
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
# MIME types that programs use for files of unknown types.
_VAGUE_TYPES = {
    "", "application/octet-stream", "binary/octet-stream", "application/binary",
    "application/unknown", "application/x-unknown", "application/download",
    "application/force-download", "application/x-download", "unknown/unknown", "*/*",
}  # fmt: skip


def attachment_of(message: Message | ExternalReplyInfo) -> Attachment | None:
    """Return the picture or file that a message carries; None if it carries none."""
    is_hidden = bool(message.has_media_spoiler)
    if message.photo:
        by_area = sorted(message.photo, key=lambda size: size.width * size.height)
        return Picture(
            tuple(
                PictureSize(_media(one, is_hidden=is_hidden), min(one.width, one.height))
                for one in by_area
            )
        )
    if message.sticker:
        moves = message.sticker.is_animated or message.sticker.is_video
        return _moving(message.sticker) if moves else _single(message.sticker)
    # An animation also comes as a document; a real GIF file can be read, an MP4 can't.
    if message.document and _is_picture(message.document):
        return _single(message.document)
    if film := message.animation or message.video or message.video_note:
        return _moving(film, is_hidden=is_hidden)
    if message.document:
        is_film = _is_film(message.document)
        return _moving(message.document) if is_film else NotAPicture.OTHER_FILE
    return None


def _moving(
    film: Animation | Video | VideoNote | Sticker | Document, *, is_hidden: bool = False
) -> MovingPicture | NotAPicture:
    if film.thumbnail is None:
        return NotAPicture.MOVING
    return MovingPicture(_media(film.thumbnail, is_hidden=is_hidden))


def _single(file: Document | Sticker) -> Picture:
    return Picture((PictureSize(_media(file)),))


def _is_picture(document: Document) -> bool:
    """Return whether a file may be a picture; only its bytes tell for certain.

    A file whose type or name clearly says something else is not fetched.
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


def _media(file: PhotoSize | Document | Sticker, *, is_hidden: bool = False) -> Media:
    return Media(
        file_id=file.file_id,
        unique_id=file.file_unique_id,
        size=file.file_size,
        has_spoiler=is_hidden,
    )

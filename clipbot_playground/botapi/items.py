"""What people send: texts, photos, albums, files."""

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from clipbot_playground.botapi.model import media
from clipbot_playground.botapi.model.chats import Chat, Message, Topic
from clipbot_playground.botapi.model.content import Content
from clipbot_playground.botapi.model.entities import typed
from clipbot_playground.botapi.model.files import FileStore
from clipbot_playground.botapi.model.media import Media


class Destination(TypedDict, total=False):
    """Where something is sent. Without `to` it is the chat of `reply_to`, else the private chat.

    Attributes:
        anonymous: an admin of a group sends it in the group's name.
    """

    to: Chat | None
    reply_to: Message | None
    topic: Topic | None
    anonymous: bool


class ItemOptions(Destination, total=False):
    """What is sent: one kind of media at most, with its caption.

    Attributes:
        location: latitude and longitude.
        contact: phone number and first name.
        sticker_kind: `static` for WebP, `animated` for TGS, `video` for WebM.
        thumbnail: the first frame of what moves, as a picture; b"" for none. By default it is grey.
        spoiler: hide a photo or video until somebody taps on it.
        size: declared number of bytes; a test of large files needs no large file.
    """

    photo: bytes
    document: bytes
    sticker: bytes
    animation: bytes
    video: bytes
    video_note: bytes
    voice: bytes
    location: tuple[float, float]
    contact: tuple[str, str]
    caption: str
    file_name: str
    mime_type: str
    sticker_kind: Literal["static", "animated", "video"]
    thumbnail: bytes
    spoiler: bool
    size: int


class AlbumOptions(Destination, total=False):
    """How an album is sent.

    Attributes:
        caption: of the item with the index `caption_on`.
        captions: instead, one for each item; "" for none.
        file_names: of documents; by default 0.jpg, 1.jpg, …
        spoilers: the indexes of the photos that are hidden until somebody taps on them.
    """

    caption: str
    caption_on: int
    captions: Sequence[str]
    album_of: Literal["photo", "document"]
    file_names: Sequence[str]
    spoilers: Sequence[int]


async def content(
    files: FileStore,
    what: str | bytes,
    *,
    caption: str | None = None,
    spoiler: bool = False,
    **thing: Any,
) -> Content:
    """Return what one message holds.

    Args:
        what: a text, or a photo as bytes.
        thing: see `ItemOptions`.

    Raises:
        NotAPhotoError: a photo can't be decoded.
    """
    if isinstance(what, bytes):
        thing["photo"] = what
        what = ""
    found = await _media(files, **thing)
    return Content(typed(caption or what), found, spoiler=spoiler)


async def album(
    files: FileStore,
    items: Sequence[bytes],
    *,
    caption: str = "",
    caption_on: int = 0,
    captions: Sequence[str] = (),
    album_of: Literal["photo", "document"] = "photo",
    file_names: Sequence[str] = (),
    spoilers: Sequence[int] = (),
) -> list[Content]:
    """Return what each message of an album holds; see `AlbumOptions`."""
    names = file_names or [f"{index}.jpg" for index in range(len(items))]
    words = captions or [caption if index == caption_on else "" for index in range(len(items))]
    # All items are prepared before the first is sent, so that no other message comes between.
    return [
        await content(
            files,
            "",
            caption=said,
            spoiler=index in spoilers,
            **{album_of: item},
            **({"file_name": name} if album_of == "document" else {}),
        )
        for index, (item, name, said) in enumerate(zip(items, names, words, strict=True))
    ]


async def _media(
    files: FileStore,
    *,
    photo: bytes | None = None,
    document: bytes | None = None,
    sticker: bytes | None = None,
    animation: bytes | None = None,
    video: bytes | None = None,
    video_note: bytes | None = None,
    voice: bytes | None = None,
    location: tuple[float, float] | None = None,
    contact: tuple[str, str] | None = None,
    file_name: str = "",
    mime_type: str = "",
    sticker_kind: Literal["static", "animated", "video"] = "static",
    thumbnail: bytes | None = None,
    size: int | None = None,
) -> Media | None:
    if photo is not None:
        return await media.photo(files, photo, size)
    if document is not None:
        return await media.document(files, document, file_name, mime_type, size)
    if sticker is not None:
        animated, moving = sticker_kind == "animated", sticker_kind == "video"
        return media.sticker(files, sticker, animated=animated, video=moving, preview=thumbnail)
    if animation is not None:
        return media.animation(files, animation, 320, 240, thumbnail)
    if video is not None:
        return media.video(files, video, 320, 240, thumbnail)
    if video_note is not None:
        return media.video_note(files, video_note, 240, thumbnail)
    if voice is not None:
        return media.voice(files, voice)
    if location is not None:
        return media.Location(*location)
    return None if contact is None else media.Contact(*contact)

"""What a message can contain besides text, as Telegram describes it to a bot."""

import asyncio
import mimetypes
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, ClassVar

from clipbot_playground.botapi.model import photos
from clipbot_playground.botapi.model.files import FileStore, SentFile

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PhotoSize:
    """One size of a photo or thumbnail. Sides are in pixels."""

    sent: SentFile
    width: int
    height: int

    def to_json(self) -> Json:
        """Return the Bot API's `PhotoSize`."""
        return {**self.sent.to_json(), "width": self.width, "height": self.height}


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo in all its sizes, smallest first."""

    kind: ClassVar = "photo"
    captioned: ClassVar = True
    sizes: tuple[PhotoSize, ...]

    @property
    def content(self) -> bytes:
        return self.sizes[-1].sent.file.content

    def fields(self) -> Json:
        return {"photo": [size.to_json() for size in self.sizes]}


@dataclass(frozen=True, slots=True)
class FileMedia:
    """A document, sticker, animation, video or voice: one file and its description.

    Args:
        kind: the field of `Message` that it fills.
        about: the object's fields besides those of the file, such as width and height.
    """

    kind: str
    sent: SentFile
    about: tuple[tuple[str, Any], ...] = ()
    thumbnail: PhotoSize | None = None

    @property
    def captioned(self) -> bool:
        return self.kind not in {"sticker", "video_note"}

    @property
    def content(self) -> bytes:
        return self.sent.file.content

    def fields(self) -> Json:
        described = self.sent.to_json() | dict(self.about)
        if self.thumbnail is not None:
            described["thumbnail"] = self.thumbnail.to_json()
        if self.kind != "animation":
            return {self.kind: described}
        # "For backward compatibility, when this field is set, the document field will also be set."
        document = {
            name: value
            for name, value in described.items()
            if name not in {"width", "height", "duration"}
        }
        return {"animation": described, "document": document}


@dataclass(frozen=True, slots=True)
class Location:
    kind: ClassVar = "location"
    captioned: ClassVar = False
    content: ClassVar = b""
    latitude: float
    longitude: float

    def fields(self) -> Json:
        return {"location": {"latitude": self.latitude, "longitude": self.longitude}}


@dataclass(frozen=True, slots=True)
class Contact:
    kind: ClassVar = "contact"
    captioned: ClassVar = False
    content: ClassVar = b""
    phone_number: str
    first_name: str

    def fields(self) -> Json:
        return {"contact": {"phone_number": self.phone_number, "first_name": self.first_name}}


Media = Photo | FileMedia | Location | Contact


async def photo(files: FileStore, data: bytes, size: int | None = None) -> Photo:
    """Return a photo in Telegram's sizes.

    Args:
        data: any picture that Pillow reads; Telegram keeps a JPEG of it.
        size: declared number of bytes of the largest size, if it is not the real one.

    Raises:
        NotAPhotoError: the data can't be decoded.
    """
    # Encoding takes tens of milliseconds, during which the event loop must answer other calls.
    renditions = await asyncio.to_thread(photos.ladder, data)
    largest = renditions[-1]
    return Photo(
        tuple(
            _photo_size(files, "photos", rendition, size if rendition is largest else None)
            for rendition in renditions
        )
    )


async def document(
    files: FileStore,
    data: bytes,
    file_name: str = "",
    mime_type: str = "",
    size: int | None = None,
) -> FileMedia:
    """Return a file that is sent unchanged. Pictures get a thumbnail; `size` is as for photos."""
    mime_type = mime_type or mimetypes.guess_type(file_name)[0] or "application/octet-stream"
    about = {"file_name": file_name, "mime_type": mime_type}
    preview = None
    if mime_type.startswith("image/") and (
        rendition := await asyncio.to_thread(photos.thumbnail, data)
    ):
        preview = _photo_size(files, "thumbnails", rendition)
    sent = files.send(data, "documents", PurePath(file_name).suffix, size)
    return FileMedia("document", sent, _about(about), preview)


def sticker(
    files: FileStore,
    data: bytes,
    *,
    animated: bool = False,
    video: bool = False,
    preview: bytes | None = None,
) -> FileMedia:
    """Return a sticker: WebP or PNG with sides up to 512; TGS if animated, WebM if a video."""
    width, height = (512, 512) if animated or video else photos.dimensions(data)
    suffix = ".tgs" if animated else ".webm" if video else ".webp"
    about = {
        "type": "regular",
        "width": width,
        "height": height,
        "is_animated": animated,
        "is_video": video,
        "emoji": "🙂",
    }
    sent = files.send(data, "stickers", suffix)
    shown = _preview(files, preview, width, height) if animated or video else None
    return FileMedia("sticker", sent, tuple(about.items()), shown)


def animation(
    files: FileStore, data: bytes, width: int, height: int, preview: bytes | None = None
) -> FileMedia:
    """Return a GIF as Telegram keeps it: a silent MP4 with a thumbnail. Any bytes will do."""
    about = {
        "width": width,
        "height": height,
        "duration": 1,
        "file_name": "animation.gif.mp4",
        "mime_type": "video/mp4",
    }
    return _moving(files, "animation", data, about, preview)


def video(
    files: FileStore, data: bytes, width: int, height: int, preview: bytes | None = None
) -> FileMedia:
    about = {"width": width, "height": height, "duration": 1, "mime_type": "video/mp4"}
    return _moving(files, "video", data, about, preview)


def video_note(files: FileStore, data: bytes, side: int, preview: bytes | None = None) -> FileMedia:
    """Return a round video message."""
    about = {"length": side, "duration": 1}
    thumbnail = _preview(files, preview, side, side)
    sent = files.send(data, "video_notes", ".mp4")
    return FileMedia("video_note", sent, tuple(about.items()), thumbnail)


def voice(files: FileStore, data: bytes) -> FileMedia:
    about = {"duration": 1, "mime_type": "audio/ogg"}
    return FileMedia("voice", files.send(data, "voice", ".oga"), tuple(about.items()))


def _moving(
    files: FileStore, kind: str, data: bytes, about: dict[str, Any], preview: bytes | None
) -> FileMedia:
    thumbnail = _preview(files, preview, about["width"], about["height"])
    sent = files.send(data, f"{kind}s", ".mp4")
    return FileMedia(kind, sent, tuple(about.items()), thumbnail)


def _preview(files: FileStore, picture: bytes | None, width: int, height: int) -> PhotoSize | None:
    """Return the thumbnail of something that moves.

    Args:
        picture: its first frame; None for a grey one, empty for no thumbnail.
    """
    if picture is None:
        return _photo_size(files, "thumbnails", photos.placeholder(width, height))
    rendition = photos.thumbnail(picture) if picture else None
    return _photo_size(files, "thumbnails", rendition) if rendition else None


def _photo_size(
    files: FileStore, folder: str, rendition: photos.Rendition, size: int | None = None
) -> PhotoSize:
    sent = files.send(rendition.jpeg, folder, ".jpg", size)
    return PhotoSize(sent, rendition.width, rendition.height)


def _about(values: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in values.items() if value)

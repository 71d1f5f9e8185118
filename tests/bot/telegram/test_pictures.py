"""Which picture a message carries."""

from typing import Any

import pytest

from bot.platform.incoming import MovingPicture, NotAPicture, Picture, PictureSize
from bot.platform.models import Media
from bot.telegram import shapes
from bot.telegram.pictures import attachment_of
from tests.bot.telegram.messages import PRIVATE, file, message, size

ANIMATION = file("f", width=9, height=9, duration=1, thumbnail=size(320, 180))
LADDER = [size(90, 68), size(320, 240), size(800, 600), size(1_280, 960)]


@pytest.mark.parametrize(
    ("image_size", "taken"),
    [(32, "90x68"), (224, "320x240"), (240, "320x240"), (241, "800x600"), (2_000, "1280x960")],
)
def test_the_smallest_size_that_is_large_enough(image_size: int, taken: str) -> None:
    for ladder in (LADDER, LADDER[::-1]):
        picture = attachment_of(message(photo=ladder))
        assert isinstance(picture, Picture)
        assert picture.sufficient(image_size) == Media(f"{taken}-id", f"{taken}-unique", 10)


def sticker(**fields: Any) -> dict[str, Any]:
    kind = {"width": 512, "height": 512, "type": "regular", "is_animated": False, "is_video": False}
    return {"sticker": file("f", **kind | fields)}


def document(mime_type: str | None, name: str | None = None) -> dict[str, Any]:
    given = {"mime_type": mime_type, "file_name": name}
    return {"document": file("f", **{key: value for key, value in given.items() if value})}


def animation(mime_type: str) -> dict[str, Any]:
    sides = {"width": 9, "height": 9, "duration": 1}
    return {"animation": file("f", mime_type=mime_type, **sides), **document(mime_type)}


@pytest.mark.parametrize(
    "fields",
    [
        sticker(),
        document("image/jpeg"),
        document("image/heic"),
        document("IMAGE/PNG", "x"),
        document("image/svg+xml", "drawing.svg"),  # a worker says best what it can't read
        document(None, "IMG_1.HEIC"),
        document("application/octet-stream", "photo.JPG"),
        document("application/octet-stream", "a.b.webp"),
        document("application/octet-stream", "scan.jfif"),
        document(None, "scan.JPE"),
        document("application/octet-stream", "IMG_2.HIF"),
        document("application/octet-stream", "IMG_2.heif"),
        document("application/x-jpg", "photo"),
        document("application/x-png"),
        document("application/jpeg"),
        document("image/jpg"),
        document("image/pjpeg"),
        document("image/jpeg; charset=binary"),
        document("text/plain", "photo.jpg"),  # a program that knows no types
        document("application/octet-stream", "photo"),  # only its bytes tell
        document("application/octet-stream", "IMG_0001.jpg_large"),
        document("binary/octet-stream", "photo.1"),
        document(None),
        animation("image/gif"),
    ],
)
def test_pictures(fields: dict[str, Any]) -> None:
    picture = attachment_of(message(**fields))
    assert picture == Picture((PictureSize(Media("f-id", "f-unique", 10)),))


@pytest.mark.parametrize(
    "fields",
    [
        sticker(is_animated=True),
        sticker(is_video=True),
        animation("video/mp4"),
        document("video/quicktime", "film.mov"),
        document("application/octet-stream", "film.MP4"),
        document("video/mp4", "photo.jpg"),
        {"video": file("f", width=9, height=9, duration=1)},
        {"video_note": file("f", length=9, duration=1)},
    ],
)
def test_moving_pictures(fields: dict[str, Any]) -> None:
    assert attachment_of(message(**fields)) is NotAPicture.MOVING
    shown = {name: {**content, "thumbnail": size(320, 180)} for name, content in fields.items()}
    needed = shapes.message({"message_id": 1, "chat": PRIVATE, **shown})
    found = attachment_of(message(**(needed or {})))
    assert found == MovingPicture(Media("320x180-id", "320x180-unique", 10))


@pytest.mark.parametrize(
    "fields",
    [
        {"photo": LADDER},
        {"video": file("f", width=9, height=9, duration=1, thumbnail=size(320, 180))},
        {**animation("video/mp4"), "animation": ANIMATION},
    ],
)
def test_spoilers(fields: dict[str, Any]) -> None:
    for is_hidden in (True, False):
        sent = {"message_id": 1, "chat": PRIVATE, "has_media_spoiler": is_hidden, **fields}
        found = attachment_of(message(**(shapes.message(sent) or {})))
        if isinstance(found, MovingPicture):
            assert found.frame.has_spoiler is is_hidden
        else:
            assert isinstance(found, Picture)
            assert {one.media.has_spoiler for one in found.sizes} == {is_hidden}


@pytest.mark.parametrize(
    "fields",
    [
        document("application/pdf", "paper.pdf"),
        document("text/plain", "cat.jpg.txt"),
        document("application/zip"),
        document("application/octet-stream", "photos.zip"),
        document(None, "paper.PDF"),
        document("audio/ogg", "song.jpg"),
        document("text/html"),
    ],
)
def test_other_files(fields: dict[str, Any]) -> None:
    assert attachment_of(message(**fields)) is NotAPicture.OTHER_FILE


def test_no_file_at_all() -> None:
    assert attachment_of(message(text="hello")) is None

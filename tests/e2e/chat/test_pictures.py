"""Files, stickers and pictures of every kind, good and bad."""

import io
import struct
import zlib

import pytest
from PIL import Image

from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.pictures import picture

JPEG = picture()


def animated_gif() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def png_bomb(side: int = 20_000) -> bytes:
    """Return a PNG of 400 megapixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    rows = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    data = b"".join(rows.compress(row) for _ in range(side)) + rows.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "name"),
    [
        pytest.param(JPEG, "photo.jpg", id="JPEG"),
        pytest.param(picture(kind="PNG"), "drawing.png", id="PNG"),
        pytest.param(picture(kind="WEBP"), "drawing.webp", id="WebP"),
        pytest.param(picture(kind="BMP"), "old.bmp", id="BMP"),
        pytest.param(picture(kind="TIFF"), "scan.tiff", id="TIFF"),
        pytest.param(animated_gif(), "dance.gif", id="animated GIF"),
        pytest.param(picture(mode="CMYK", colour=(0, 99, 99, 0)), "print.jpg", id="CMYK"),
        pytest.param(picture(kind="PNG", mode="I;16", colour=40_000), "depth.png", id="16-bit"),
        pytest.param(
            picture(kind="PNG", mode="RGBA", colour=(9, 9, 9, 0)), "logo.png", id="transparent"
        ),
        pytest.param(picture(exif_orientation=6), "turned.jpg", id="turned by EXIF"),
        pytest.param(JPEG, "IMG_0001.JPG", id="upper case"),
    ],
)
async def test_a_picture_file_is_a_picture(alice: SimulatedUser, data: bytes, name: str) -> None:
    message = await alice.sends(document=data, file_name=name, caption="a dog, a cat")
    answer = await alice.hears(reply_to=message)
    assert answer.photo, answer.text


@pytest.mark.parametrize("name", ["IMG.JPG", "scan.jfif", "photo"])
async def test_a_picture_file_of_no_known_type(alice: SimulatedUser, name: str) -> None:
    message = await alice.sends(
        document=JPEG,
        file_name=name,
        mime_type="application/octet-stream",
        caption="a, b",
    )
    assert (await alice.hears(reply_to=message)).photo


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"just some text\n" * 40, "not a picture that I can read", id="text"),
        pytest.param(b"", "not a picture that I can read", id="empty"),
        pytest.param(b"%PDF-1.7", "can't read this kind of picture", id="PDF by another name"),
        pytest.param(picture(600, 400)[:800], "damaged", id="truncated"),
        pytest.param(picture(1, 1), "too small to see anything", id="1 x 1"),
        pytest.param(png_bomb(), "400.0 megapixels, but the limit is 128.0", id="bomb"),
    ],
)
async def test_a_bad_picture_gets_one_clear_sentence(
    alice: SimulatedUser, data: bytes, sentence: str
) -> None:
    message = await alice.sends(document=data, file_name="photo.jpg", caption="a dog, a cat")
    answer = await alice.hears(reply_to=message)
    assert sentence in (answer.text or "")
    good = await alice.sends(JPEG, caption="a dog, a cat")
    assert (await alice.hears(reply_to=good)).photo


async def test_a_file_over_20_megabytes_is_not_fetched(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    before = len(server.calls_of("getFile"))
    message = await alice.sends(
        document=JPEG, file_name="huge.jpg", size=21 * 2**20, caption="a, b"
    )
    answer = await alice.hears(reply_to=message)
    assert "up to 20 MB" in (answer.text or "")
    assert len(server.calls_of("getFile")) == before


@pytest.mark.parametrize("name", ["report.pdf", "song.mp3", "photos.zip"])
async def test_other_files_get_a_hint(alice: SimulatedUser, name: str) -> None:
    message = await alice.sends(document=b"%PDF-1.7", file_name=name, caption="a, b")
    assert "I look at pictures." in ((await alice.hears(reply_to=message)).text or "")


async def test_a_sticker_with_default_labels(alice: SimulatedUser) -> None:
    await alice.hears(reply_to=await alice.sends("/labels a dog, a cat"))
    sticker = await alice.sends(sticker=picture(512, 512, kind="WEBP"))
    assert (await alice.hears(reply_to=sticker)).photo


async def test_a_reply_to_a_sticker(alice: SimulatedUser) -> None:
    sticker = await alice.sends(sticker=picture(512, 512, kind="WEBP"))
    question = await alice.hears(reply_to=sticker)
    assert question.force_reply
    reply = await alice.sends("a dog, a cat", reply_to=sticker)
    assert (await alice.hears(reply_to=reply)).photo


@pytest.mark.parametrize("kind", ["animated", "video"])
async def test_a_moving_sticker_is_not_watched(alice: SimulatedUser, kind: str) -> None:
    sticker = await alice.sends(sticker=b"\x1f\x8b", sticker_kind=kind)  # type: ignore[call-overload]
    assert "moving pictures" in ((await alice.hears(reply_to=sticker)).text or "")


async def test_an_animation_is_not_watched(alice: SimulatedUser) -> None:
    animation = await alice.sends(animation=b"mp4", caption="a, b")
    assert "moving pictures" in ((await alice.hears(reply_to=animation)).text or "")


async def test_classify_in_reply_to_a_message_without_a_picture(alice: SimulatedUser) -> None:
    voice = await alice.sends(voice=b"OggS")
    await alice.hears(reply_to=voice)
    command = await alice.sends("/classify a, b", reply_to=voice)
    assert "Reply to a picture" in ((await alice.hears(reply_to=command)).text or "")
    film = await alice.sends(video=b"mp4")
    await alice.hears(reply_to=film)
    command = await alice.sends("/classify a, b", reply_to=film)
    assert "moving pictures" in ((await alice.hears(reply_to=command)).text or "")

"""Photos and files, both ways."""

import io

import pytest
from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    InputMediaDocument,
    InputMediaPhoto,
    Message,
)
from telegram.error import BadRequest, NetworkError

from clipbot_playground.botapi.model.photos import NotAPhotoError
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.pictures import picture, sides


@pytest.mark.parametrize(
    ("width", "height", "longest"),
    [
        (3000, 2000, [90, 320, 800, 1280]),
        (1280, 720, [90, 320, 800, 1280]),
        (600, 1000, [90, 320, 800, 1000]),
        (320, 240, [90, 320]),
        (90, 10, [90]),
        (1, 1, [1]),
    ],
)
async def test_the_sizes_of_a_photo(
    bot: Bot, alice: SimulatedUser, width: int, height: int, longest: list[int]
) -> None:
    await alice.sends(picture(width, height))
    (update,) = await bot.get_updates()
    assert update.message is not None
    photo = update.message.photo
    assert [max(size.width, size.height) for size in photo] == longest
    for size in photo:
        data = bytes(await (await size.get_file()).download_as_bytearray())
        assert sides(data) == (size.width, size.height)
        assert len(data) == size.file_size


async def test_photos_are_turned_upright_and_put_on_white(alice: SimulatedUser) -> None:
    turned = await alice.sends(picture(200, 100, exif_orientation=6))
    assert turned.photo is not None
    assert sides(turned.photo) == (100, 200)
    for mode, colour in (("RGBA", (0, 0, 0, 0)), ("CMYK", (0, 0, 0, 0)), ("I;16", 65535)):
        kind = "TIFF" if mode == "CMYK" else "PNG"
        sent = await alice.sends(picture(8, 8, mode=mode, colour=colour, kind=kind))
        assert _brightness(sent.photo) > 250, mode


async def test_a_file_has_one_unique_id_and_many_ids(bot: Bot, alice: SimulatedUser) -> None:
    await alice.sends(picture())
    await alice.sends(picture())
    one, two = [u.message.photo[-1] for u in await bot.get_updates() if u.message]
    assert one.file_unique_id == two.file_unique_id
    assert one.file_id != two.file_id
    again = await bot.send_photo(alice.user.id, one.file_id)
    assert again.photo[-1].file_unique_id == one.file_unique_id


async def test_documents_arrive_as_they_were_sent(bot: Bot, alice: SimulatedUser) -> None:
    data = picture(400, 300, kind="PNG")
    await alice.sends(document=data, file_name="x.png", caption="dog, cat")
    (update,) = await bot.get_updates()
    assert update.message is not None
    document = update.message.document
    assert document is not None
    assert (document.file_name, document.mime_type) == ("x.png", "image/png")
    assert document.thumbnail is not None
    assert (document.thumbnail.width, document.thumbnail.height) == (320, 240)
    assert bytes(await (await document.get_file()).download_as_bytearray()) == data


async def test_bots_download_at_most_20_megabytes(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    await alice.sends(document=b"small", file_name="big.png", size=21_000_000)
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.document is not None
    assert update.message.document.file_size == 21_000_000
    with server.expecting("file is too big"), pytest.raises(BadRequest, match="File is too big"):
        await update.message.document.get_file()
    with server.expecting("invalid file_id"), pytest.raises(BadRequest, match="Invalid file_id"):
        await bot.get_file("AgACAgIAAxkB")


async def test_animations_are_documents_too(bot: Bot, alice: SimulatedUser) -> None:
    await alice.sends(animation=b"mp4", caption="dog")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.animation is not None
    assert update.message.document is not None
    assert update.message.animation.file_id == update.message.document.file_id
    assert update.message.animation.thumbnail is not None


async def test_stickers(bot: Bot, alice: SimulatedUser) -> None:
    await alice.sends(sticker=picture(512, 300, kind="WEBP"))
    await alice.sends(sticker=b"webm", sticker_kind="video")
    still, video = [u.message.sticker for u in await bot.get_updates() if u.message]
    assert still is not None
    assert video is not None
    assert (still.width, still.height, still.is_animated, still.is_video) == (
        512,
        300,
        False,
        False,
    )
    assert video.is_video


async def test_what_moves_has_a_first_frame(bot: Bot, alice: SimulatedUser) -> None:
    frame = picture(640, 480)
    await alice.sends(video=b"mp4", thumbnail=frame)
    await alice.sends(video_note=b"mp4", thumbnail=picture(240, 240))
    await alice.sends(sticker=b"tgs", sticker_kind="animated")
    await alice.sends(animation=b"mp4", thumbnail=b"")
    messages = [update.message for update in await bot.get_updates() if update.message]
    found = [message.effective_attachment for message in messages]
    thumbnails = [getattr(media, "thumbnail", None) for media in found]
    assert [t and (t.width, t.height) for t in thumbnails] == [
        (320, 240),
        (240, 240),
        (512, 512),
        None,
    ]
    assert thumbnails[0] is not None
    data = bytes(await (await thumbnails[0].get_file()).download_as_bytearray())
    assert sides(data) == (320, 240)
    assert messages[1].video_note is not None
    assert messages[1].video_note.length == 240


async def test_spoilers(bot: Bot, alice: SimulatedUser) -> None:
    await alice.sends(picture(), caption="dog", spoiler=True)
    await alice.sends(album=[picture(), picture()], spoilers=[1])
    messages = [update.message for update in await bot.get_updates() if update.message]
    assert [message.has_media_spoiler for message in messages] == [True, None, True]
    sent = await bot.send_photo(alice.user.id, picture(20, 20), has_spoiler=True)
    assert sent.has_media_spoiler
    answer = await alice.hears()
    assert answer.has_spoiler
    await sent.edit_caption("fox")  # the photo stays hidden
    assert (await alice.hears(edit_of=answer)).has_spoiler
    await sent.edit_media(InputMediaPhoto(picture(20, 20), caption="fox"))
    assert not (await alice.hears(edit_of=answer)).has_spoiler
    again = await sent.edit_media(InputMediaPhoto(picture(20, 20), has_spoiler=True))
    assert isinstance(again, Message)
    assert again.has_media_spoiler


async def test_a_photo_keeps_its_buttons_only_if_an_edit_repeats_them(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    await alice.sends("/start")
    keyboard = InlineKeyboardMarkup.from_button(InlineKeyboardButton("More", callback_data="x"))
    sent = await bot.send_photo(alice.user.id, picture(20, 20), reply_markup=keyboard)
    answer = await alice.hears()
    assert [button.value for button in answer.keyboard] == ["x"]
    media = InputMediaPhoto(picture(30, 20))
    await sent.edit_media(media, reply_markup=keyboard)
    assert (await alice.hears(edit_of=answer)).keyboard == answer.versions[0].keyboard[0]
    await sent.edit_media(InputMediaPhoto(picture(20, 20)))
    assert (await alice.hears(edit_of=answer)).keyboard == ()
    with server.expecting(), pytest.raises(BadRequest, match="Inline keyboard expected"):
        await sent.edit_media(media, reply_markup=ForceReply())  # type: ignore[arg-type]


async def test_people_cannot_send_other_data_as_a_photo(alice: SimulatedUser) -> None:
    for rubbish in (b"", b"text", picture()[:200]):
        with pytest.raises(NotAPhotoError):
            await alice.sends(photo=rubbish)
    assert alice.chat.messages == {}


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"not a picture", "Image_process_failed"),
        (picture()[:200], "Image_process_failed"),
        (picture(9000, 1001), "Photo_invalid_dimensions"),
        (picture(2100, 100), "Photo_invalid_dimensions"),
        (b"\0" * 10_000_001, "is too big for a photo"),
    ],
    ids=["text", "truncated", "sum of sides", "ratio of sides", "bytes"],
)
async def test_photos_that_a_bot_may_not_send(
    server: BotApiServer, bot: Bot, alice: SimulatedUser, data: bytes, complaint: str
) -> None:
    await alice.sends("/start")
    with server.expecting(), pytest.raises(BadRequest, match=complaint):
        await bot.send_photo(alice.user.id, data)


async def test_photos_at_the_limit(bot: Bot, alice: SimulatedUser) -> None:
    await alice.sends("/start")
    assert await bot.send_photo(alice.user.id, picture(2000, 100), caption="x" * 1024)


async def test_wrong_references_to_files(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    await alice.sends(document=b"text", file_name="x.txt")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.document is not None
    with server.expecting():
        for named in ("https://example.org/x.jpg", "AgAC", update.message.document.file_id):
            with pytest.raises(BadRequest, match=r"Wrong file identifier|Can't use file"):
                await bot.send_photo(alice.user.id, named)


async def test_documents_and_albums_of_the_bot(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    await alice.sends("/start")
    file = InputFile(io.BytesIO(b"a,b\n"), filename="scores.csv")
    sent = await bot.send_document(alice.user.id, file, caption="<i>all</i>", parse_mode="HTML")
    assert sent.document is not None
    assert sent.document.file_name == "scores.csv"
    heard = await alice.hears()
    assert heard.document == b"a,b\n"
    photo = InputMediaPhoto(picture(20, 20))
    refused: list[tuple[list[InputMediaPhoto | InputMediaDocument], str]] = [
        ([photo], "Too few"),
        ([photo] * 11, "Too many"),
        ([photo, InputMediaDocument(b"x", filename="x")], "can't be mixed"),
    ]
    with server.expecting():
        for group, complaint in refused:
            with pytest.raises(BadRequest, match=complaint):
                await bot.send_media_group(alice.user.id, group)


async def test_a_body_that_is_too_large(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    await alice.sends("/start")
    with pytest.raises(NetworkError, match="Request Entity Too Large"):
        await bot.send_document(alice.user.id, b"\0" * 51_000_001)


def _brightness(data: bytes | None) -> float:
    from PIL import Image, ImageStat

    assert data is not None
    with Image.open(io.BytesIO(data)) as image:
        return float(ImageStat.Stat(image.convert("L")).mean[0])

"""Albums: several pictures, one question, one answer."""

from dataclasses import replace

import pytest

from clipbot_playground.botapi.model import media
from clipbot_playground.botapi.model.chats import Chat, Message
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.pictures import picture

COLOURS = ("red", "green", "blue")
THREE = [picture(colour=colour) for colour in COLOURS]


def answers_to(album: list[Message]) -> list[Message]:
    return [reply for item in album for reply in item.chat.replies_to(item)]


def lines_of(answer: Message) -> list[str]:
    """Return the lines of a caption, without the demo model's note about photographs."""
    lines = (answer.caption or "").splitlines()
    return [line for line in lines if not line.startswith("I run the demo model")]


@pytest.mark.parametrize("caption_on", [0, 2])
async def test_an_album_gets_one_answer_wherever_its_caption_is(
    alice: SimulatedUser, caption_on: int
) -> None:
    album = await alice.sends(album=THREE, caption="a dog, a cat", caption_on=caption_on)
    answer = await alice.hears(reply_to=album)
    lines = lines_of(answer)
    assert [line[:4] for line in lines] == ["1. 🏆", "2. 🏆", "3. 🏆"]
    assert answer.photo
    assert answer.reply_to is album[caption_on]
    await alice.hears(reply_to=await alice.sends("/labels"))
    assert answers_to(album) == [answer]


async def test_an_album_of_files_with_a_broken_one(alice: SimulatedUser) -> None:
    files = [THREE[0], b"no picture", THREE[2]]
    album = await alice.sends(album=files, album_of="document", caption="a dog, a cat")
    lines = lines_of(await alice.hears(reply_to=album))
    assert "🏆" in lines[0]
    assert lines[1] == "2. That file is not a picture that I can read."
    assert "🏆" in lines[2]


async def test_an_album_without_a_caption_is_one_question(alice: SimulatedUser) -> None:
    album = await alice.sends(album=THREE)
    question = await alice.hears(reply_to=album)
    assert question.force_reply
    reply = await alice.sends("a dog, a cat", reply_to=question)
    answer = await alice.hears(reply_to=reply)
    assert len(lines_of(answer)) == 3
    assert answers_to(album) == [question]


async def test_an_album_with_default_labels(alice: SimulatedUser) -> None:
    await alice.hears(reply_to=await alice.sends("/labels a dog, a cat"))
    album = await alice.sends(album=THREE)
    answer = await alice.hears(reply_to=album)
    assert len(lines_of(answer)) == 3


async def test_each_of_several_captions_is_a_separate_question(alice: SimulatedUser) -> None:
    captions = ["a dog, a cat", "", "a house, a boat"]
    album = await alice.sends(album=THREE, captions=captions)
    first, second = await alice.hears(reply_to=album[0]), await alice.hears(reply_to=album[2])
    lines = lines_of(first)
    assert [line[:4] for line in lines] == ["1. 🏆", "2. 🏆"]
    assert "a dog" in lines[0] or "a cat" in lines[0]
    assert "a house" in (second.caption or "")
    await alice.edits(album[2], caption="a moon, a sun")
    await alice.hears(edit_of=second)
    assert "a moon" in (second.caption or "")
    assert answers_to(album) == [first, second]


async def test_a_video_in_an_album_is_left_out_and_counted(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    photo, film = await alice.sends(album=THREE[:2], caption="a dog, a cat")
    content = replace(film.content, media=media.video(server.world.files, b"mp4", 320, 240))
    server.world.edit(film, content)
    last = server.world.post(
        alice.chat, alice.user, photo.versions[0], media_group_id=photo.media_group_id
    )
    answer = await alice.hears(
        reply_to=photo, matching=lambda answer: "Left out" in (answer.caption or "")
    )
    lines = lines_of(answer)
    assert [line[:2] for line in lines[:2]] == ["1.", "3."]
    assert lines[2].startswith("Left out of the album: 2.")
    assert answers_to([photo, film, last]) == [answer]


async def test_an_edit_without_a_change_keeps_an_albums_answer(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    await alice.hears(reply_to=await alice.sends("/labels a dog, a cat"))
    album = await alice.sends(album=THREE)
    answer = await alice.hears(reply_to=album)
    await alice.hears(reply_to=await alice.sends("/labels a moon, a sun"))
    server.world.edit(album[1], album[1].content)
    other = await alice.sends(album=THREE[:2])  # its answer comes after the edit is handled
    await alice.hears(reply_to=other)
    assert not answer.edited


async def test_labels_under_an_album_are_stored_and_sort_it(alice: SimulatedUser) -> None:
    album = await alice.sends(album=THREE, caption="/labels a dog, a cat")
    noted = await alice.hears(reply_to=album)
    assert "Noted: " in (noted.text or "")
    assert len(lines_of(await alice.hears(reply_to=album))) == 3


async def test_a_late_item_edits_the_answer(server: BotApiServer, alice: SimulatedUser) -> None:
    first, *_ = album = await alice.sends(album=THREE[:2], caption="a dog, a cat")
    answer = await alice.hears(reply_to=album)
    assert len(lines_of(answer)) == 2
    late = (await alice.sends(album=[THREE[2]]))[0]
    # Telegram sends it as an item of the first album.
    late.media_group_id = first.media_group_id
    late.versions.append(late.content)
    server.world.edit(late, late.content)
    await alice.hears(edit_of=answer)
    assert len(lines_of(answer)) == 3


async def test_an_edited_caption_of_an_album(alice: SimulatedUser) -> None:
    album = await alice.sends(album=THREE, caption="a dog, a cat", caption_on=1)
    answer = await alice.hears(reply_to=album)
    await alice.edits(album[1], caption="a house, a boat")
    await alice.hears(edit_of=answer)
    assert "a dog" not in (answer.caption or "")
    assert answers_to(album) == [answer]


async def test_an_album_in_a_group(server: BotApiServer, alice: SimulatedUser) -> None:
    group = server.group("Open", [alice], privacy=False)
    album = await alice.sends(album=THREE, caption="/classify a dog, a cat", to=group)
    answer = await alice.hears(reply_to=album)
    assert len(lines_of(answer)) == 3


async def test_in_privacy_mode_the_bot_gets_only_the_item_with_the_command(
    group: Chat, alice: SimulatedUser
) -> None:
    album = await alice.sends(album=THREE, caption="/classify a dog, a cat", to=group)
    answer = await alice.hears(reply_to=album)
    assert answer.photo
    assert answers_to(album) == [answer]


async def test_an_album_is_answered_once_when_telegram_fails(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    server.faults.next("getFile", status=502, times=2)
    server.faults.next("file", drop="before")
    album = await alice.sends(album=THREE[:2], caption="a dog, a cat")
    answer = await alice.hears(reply_to=album, within=40)
    assert len(lines_of(answer)) == 2
    await alice.hears(reply_to=await alice.sends("/labels"))
    assert answers_to(album) == [answer]


async def test_ten_long_labels_fit_under_one_chart(alice: SimulatedUser) -> None:
    labels = ", ".join(f"{number}" + "x&y" * 33 for number in range(9))
    album = await alice.sends(album=[picture()] * 10, caption=labels)
    answer = await alice.hears(reply_to=album)
    assert len(lines_of(answer)) == 10

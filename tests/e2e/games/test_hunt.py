"""Photo hunt in a group with privacy mode, from start to end."""

import asyncio
import io
import random

import pytest
from PIL import Image

from clipbot_playground.botapi.model.chats import Message
from clipbot_playground.botapi.server import BotApiServer
from tests.e2e.games.playing import Club, a_club
from tests.playground.botapi.pictures import picture


def mosaic(number: int) -> bytes:
    """Return a photo that differs from those of all other numbers."""
    draw = random.Random(number)
    small = Image.new("RGB", (8, 6))
    small.putdata([tuple(draw.randrange(256) for _ in range(3)) for _ in range(48)])
    file = io.BytesIO()
    small.resize((320, 240), Image.Resampling.NEAREST).save(file, "JPEG", quality=90)
    return file.getvalue()


def smaller(photo: bytes) -> bytes:
    """Return the same photo, scaled down and saved again."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(photo)) as image:
        image.resize((image.width // 2, image.height // 2)).save(file, "JPEG", quality=70)
    return file.getvalue()


async def starts(club: Club, command: str = "/hunt a red thing") -> Message:
    asked = await club.people[0].sends(command, to=club.chat, topic=club.topic)
    return await club.people[0].hears(reply_to=asked)


@pytest.mark.parametrize("forum", [False, True], ids=["group", "topic"])
async def test_five_people_hunt(server: BotApiServer, forum: bool) -> None:
    club = a_club(server, forum=forum)
    ann, bob, cem, dan, eve = club.people
    board = await starts(club)
    assert "find a red thing!" in (board.text or "")
    await ann.sends(picture(colour="blue"), reply_to=board)
    await ann.sends(picture(colour="red"), reply_to=board)
    await bob.sends(picture(colour="green"), reply_to=board)
    await cem.sends(smaller(picture(colour="green")), reply_to=board)
    await dan.sends("is this one red?", reply_to=board)
    await dan.sends(picture(colour="yellow"), to=club.chat)  # no reply, so the bot does not get it
    await eve.sends(document=b"no picture", file_name="a.png", reply_to=board)
    shown = ("Eve: I can't read that", "Cem: that photo is here already")
    # After two edits, the next one can wait until the first minute is over.
    await server.until(lambda: all(words in (board.text or "") for words in shown), 70)
    assert "📷 2/3" in (await ann.presses(board, "Time left")).text

    await ann.sends("/skip", to=club.chat, topic=club.topic)
    result = await club.sees("🥇")
    assert result.photo
    caption = result.caption or ""
    assert "🔎 a red thing" in caption
    assert "🥇 Ann" in caption
    assert "🥈 Bob" in caption
    assert "CLIP compared it with: " in caption
    assert not {"Cem", "Dan", "Eve"} & set(caption.split())
    await server.until(lambda: "🥇" in (board.text or ""))
    assert not board.keyboard
    await club.tells_costs("Photo hunt")


async def test_fifty_photos_are_all_scored_and_none_twice(server: BotApiServer) -> None:
    club = a_club(server, names=tuple(f"P{number}" for number in range(17)))
    board = await starts(club)
    before = len(server.calls_of("file"))
    for number in range(50):
        await club.people[number // 3].sends(mosaic(number), reply_to=board)

    await server.until(lambda: "👥 17" in (board.text or ""), 60)
    await club.people[0].sends("/skip", to=club.chat)
    result = await club.sees("🥇")
    lines = [line for line in (result.caption or "").splitlines() if " · +" in line]
    assert len(lines) == 17
    await server.until(lambda: not board.keyboard)
    fetched = len(server.calls_of("file")) - before
    assert fetched == 50 + 1  # the winner's is fetched again for its chart
    await club.tells_costs("Photo hunt with 50 photos")


async def test_an_album_as_a_reply_is_several_photos(server: BotApiServer) -> None:
    club = a_club(server)
    ann, *_ = club.people
    board = await starts(club, "/hunt")
    await ann.sends(album=[mosaic(1), mosaic(2), mosaic(3), mosaic(4)], reply_to=board)
    # Four are taken before CLIP has answered, because one may be a copy. Three count.
    async with asyncio.timeout(60):
        while "3/3" not in (await ann.presses(board, "Time left")).text:
            pass  # each press is a request to the bot and its answer
    await ann.sends("/stop", to=club.chat)
    await club.sees("cancelled")


async def test_nobody_finds_anything(server: BotApiServer) -> None:
    club = a_club(server)
    await starts(club, "/hunt " + "😀<b>\u202e")
    await club.people[0].sends("/skip", to=club.chat)
    await club.sees("Too few people played")


async def test_a_hunt_that_cant_start_says_why(server: BotApiServer) -> None:
    club = a_club(server)
    asked = await club.people[0].sends("/hunt " + "x" * 10_000, to=club.chat)
    assert "Hunt for one thing" in ((await club.people[0].hears(reply_to=asked)).text or "")


async def test_the_menu_starts_games(server: BotApiServer) -> None:
    club = a_club(server)
    ann, bob, *_ = club.people
    menu = await ann.hears(reply_to=await ann.sends("/play", to=club.chat))
    for button, command in (("Beat CLIP", "/guess"), ("Caption duel", "/duel")):
        shown = await bob.presses(menu, button)
        assert shown.show_alert
        assert f"Reply to a photo with {command}" in shown.text
    assert (await bob.presses(menu, "Photo hunt")).text == ""
    await club.sees("Photo hunt: find")
    assert "already running here" in (await ann.presses(menu, "Photo hunt")).text
    await bob.sends("/stop", to=club.chat)
    await club.sees("cancelled")
    photo = await ann.sends(picture(), to=club.chat)
    await bob.sends("/play", reply_to=photo)
    menu = await bob.hears(reply_to=photo)
    assert (await bob.presses(menu, "Caption duel")).text == ""
    await club.sees("Caption duel: who captions")


async def test_the_menu_accepts_typing_errors(server: BotApiServer) -> None:
    club = a_club(server)
    ann, bob, *_ = club.people
    photo = await ann.sends(picture(), to=club.chat)
    await bob.sends("/play duell", reply_to=photo)
    await club.sees("Caption duel: who captions")
    await bob.sends("/stop", to=club.chat)
    await club.sees("cancelled")

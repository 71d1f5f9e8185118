"""Caption duel in a group with privacy mode, from start to end."""

import pytest

from clipbot_playground.botapi.model.chats import Message
from clipbot_playground.botapi.server import BotApiServer
from tests.e2e.games.playing import Club, a_club
from tests.playground.botapi.pictures import picture


async def starts(club: Club) -> Message:
    """Let Bob send a photo and Ann start a duel on it, and return the board."""
    ann, bob, *_ = club.people
    photo = await bob.sends(picture(), to=club.chat, topic=club.topic)
    await ann.sends("/duel", reply_to=photo, topic=club.topic)
    return await ann.hears(reply_to=photo)


@pytest.mark.parametrize("forum", [False, True], ids=["group", "topic"])
async def test_five_people_duel(server: BotApiServer, forum: bool) -> None:
    club = a_club(server, forum=forum)
    ann, bob, cem, dan, eve = club.people
    board = await starts(club)
    assert "Caption duel" in (board.text or "")
    assert (await eve.presses(board, "Time left")).text.endswith("You have sent nothing yet.")
    await ann.sends("a blue square", reply_to=board)
    await ann.sends("a red square", reply_to=board)  # her last caption counts
    await bob.sends("A RED SQUARE!", reply_to=board)
    late = await cem.sends("a dog", reply_to=board)
    await cem.edits(late, "a green star, shining")
    await dan.sends("one two three four five six seven eight nine", reply_to=board)
    await eve.sends("a yellow moon", to=club.chat)  # no reply, so the bot does not get it
    shown = ("Dan: that is too long", "3: ")
    await server.until(lambda: all(words in (board.text or "") for words in shown))
    answer = (await cem.presses(board, "Time left")).text
    assert answer.endswith("Yours: a green star, shining")

    await ann.sends("/skip", to=club.chat, topic=club.topic)
    result = await club.sees("🥇")
    assert result.photo
    caption = result.caption or ""
    assert "🥇 Ann: “a red square”" in caption
    assert "· +100" in caption
    assert "🥈 Cem: “a green star, shining”" in caption
    assert "Bob: “A RED SQUARE!” – Ann was first · +10" in caption
    assert "Eve" not in caption
    await server.until(lambda: "🥇" in (board.text or ""))
    assert not board.keyboard
    assert len([e for e in board.entities if e.type == "text_mention"]) >= 3
    await club.tells_costs("Caption duel")


async def test_a_duel_needs_two_people(server: BotApiServer) -> None:
    club = a_club(server)
    ann, bob, *_ = club.people
    board = await starts(club)
    await bob.sends("alone", reply_to=board)
    await server.until(lambda: "Bob" in (board.text or ""))
    await ann.sends("/skip", to=club.chat)
    await club.sees("Too few people played")


async def test_there_is_no_duel_in_a_private_chat(server: BotApiServer) -> None:
    ann = server.person("Ann")
    photo = await ann.sends(picture(), caption="/duel")
    assert "start it in a group" in ((await ann.hears(reply_to=photo)).text or "")


async def test_no_text_breaks_a_board(server: BotApiServer) -> None:
    names = ("<b>&", "\u202egnirts", "  ", "😀" * 32, "שלום")
    club = a_club(server, names=names)
    ann, *_ = club.people
    board = await starts(club)
    phrases = ["<i>&amp;</b>", "\u202edrawkcab", "@alice /stop", "😀" * 99, "שלום עולם"]
    for person, phrase in zip(club.people, phrases, strict=True):
        await person.sends(phrase, reply_to=board)
    await ann.sends("x" * 10_000, reply_to=board)
    await server.until(lambda: "👥 5" in (board.text or "") and "too long" in (board.text or ""))
    await ann.sends("/skip", to=club.chat)
    result = await club.sees("🥇")
    assert result.photo
    assert "<i>&amp;</b>" in (result.caption or "")
    await server.until(lambda: not board.keyboard)

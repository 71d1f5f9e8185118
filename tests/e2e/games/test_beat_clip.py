"""Beat CLIP in a group with privacy mode, from start to end."""

import pytest

from clipbot_playground.botapi.model.chats import Message
from clipbot_playground.botapi.server import BotApiServer
from tests.e2e.games.playing import Club, a_club
from tests.playground.botapi.pictures import picture

LABELS = "a red thing, a blue thing, a green thing"


async def starts(club: Club, command: str = f"/guess {LABELS}") -> Message:
    """Let Ann start a round on a new photo, and return its board."""
    photo = await club.people[0].sends(picture(), caption=command, to=club.chat, topic=club.topic)
    return await club.people[0].hears(reply_to=photo)


def labels_of(board: Message) -> list[str]:
    return [button.text for button in board.keyboard[:-1]]


@pytest.mark.parametrize("forum", [False, True], ids=["group", "topic"])
async def test_five_people_play(server: BotApiServer, forum: bool) -> None:
    club = a_club(server, forum=forum)
    ann, *others = club.people
    await club.plays_slower()  # after half of the time a hint removes a label
    board = await starts(club)
    assert "Beat CLIP" in (board.text or "")
    assert sorted(labels_of(board)) == sorted(LABELS.split(", "))
    for person, label in zip(club.people, ["red", "red", "blue", "green", "red"], strict=True):
        shown = await person.presses(board, label)
        assert shown.text == f"✔ noted: a {label} thing"
    assert (await ann.presses(board, "blue")).text == "You already chose: a red thing"
    assert "Only the person who started" in (await others[0].presses(board, "Reveal")).text
    assert (await ann.presses(board, "Reveal")).text == "🔔 Here it comes."

    result = await club.sees("🏆")
    assert result.photo
    assert result.reply_to is board
    assert club.topic is None or board.thread_id == club.topic.id
    caption = result.caption or ""
    winner = caption.split("🏆 ")[1].split(" ·")[0]
    right = {"a red thing": {"Ann", "Bob", "Eve"}, "a blue thing": {"Cem"}}.get(winner, {"Dan"})
    lines = caption.splitlines()
    assert {name for line in lines for name in right if f"{name} +" in line} == right
    assert sum("❌" in line for line in lines) == 5 - len(right)
    # At the end the board has no buttons, and it mentions its players. Edits notify nobody.
    await server.until(lambda: "🏆" in (board.text or ""))
    assert not board.keyboard
    linked = [entity for entity in board.entities if entity.type == "text_mention"]
    assert len(linked) == 5
    assert not any(entity.type == "text_mention" for entity in result.entities)
    for data in ("game:r:1:0", f"game:r:{board.message_id}:0", "game:r:x:0", "game:r:1"):
        assert await club.forges(ann, board, data) in {"This round is over.", ""}
    await club.tells_costs("Beat CLIP")


async def test_a_round_gives_a_hint_after_half_of_its_time_and_ends_by_itself(
    server: BotApiServer,
) -> None:
    club = a_club(server)
    _, bob, *_ = club.people
    await club.sees_that_clip_is_there()
    await club.plays_faster()
    board = await starts(club)
    assert "15 s" in (board.text or "")
    assert (await bob.presses(board, "red")).text.startswith("✔")
    await server.until(lambda: "💡 Not" in (board.text or ""), 25)
    assert len(labels_of(board)) == 2
    await club.sees("🏆")
    await server.until(lambda: "🏆" in (board.text or ""))
    await club.tells_costs("Beat CLIP with a hint")


async def test_a_reply_to_anybodys_photo_and_the_bots_own_labels(server: BotApiServer) -> None:
    club = a_club(server)
    ann, bob, *_ = club.people
    photo = await bob.sends(picture(), to=club.chat)
    await ann.sends("/guess", reply_to=photo)
    board = await ann.hears(reply_to=photo)
    assert len(labels_of(board)) == 4
    await ann.sends("/stop", to=club.chat)
    await club.sees("cancelled")
    assert not club.said()[-1].photo


async def test_of_two_who_start_at_once_one_is_refused(server: BotApiServer) -> None:
    club = a_club(server)
    ann, bob, *_ = club.people
    photos = [
        await person.sends(picture(), caption="/guess a dog, a cat", to=club.chat)
        for person in (ann, bob)
    ]
    await club.sees("is already running here")
    await club.sees("Everybody presses once")
    answers = [message for photo in photos for message in club.chat.replies_to(photo)]
    assert sorted("already" in (answer.text or "") for answer in answers) == [False, True]
    loser = ann if "already" in (club.chat.replies_to(photos[0])[0].text or "") else bob
    await loser.sends("/stop", to=club.chat)
    if loser is bob:
        await club.sees("Only the person who started")
        await ann.sends("/stop", to=club.chat)
    await club.sees("cancelled")


async def test_a_round_that_cant_start_says_why(server: BotApiServer) -> None:
    club = a_club(server)
    ann, *_ = club.people
    for command, answer in (
        ("/guess a, b", "Reply to a photo"),
        ("/stop", "No game is running"),
        ("/skip", "No game is running"),
        ("/play", "with CLIP as the referee"),
    ):
        message = await ann.sends(command, to=club.chat)
        assert answer in ((await ann.hears(reply_to=message)).text or "")
    for caption in ("/guess alone", "/guess a,b,c,d,e,f,g,h,i,j,k"):
        message = await ann.sends(picture(), caption=caption, to=club.chat)
        assert "Beat CLIP needs 2 to 6 phrases" in ((await ann.hears(reply_to=message)).text or "")


async def test_a_picture_that_cant_be_read(server: BotApiServer) -> None:
    club = a_club(server)
    await club.people[0].sends(
        document=b"no picture", file_name="a.png", caption="/guess a, b", to=club.chat
    )
    await club.sees("can't look at that picture")


async def test_no_text_breaks_a_board(server: BotApiServer) -> None:
    names = ("<b>&", "\u202egnirts", "  ", "😀" * 32, "@everybody")
    club = a_club(server, names=names)
    ann, *_ = club.people
    await club.plays_slower()
    labels = ["<b>bold", "&amp;", "\u202edrawkcab", "@alice", "ñ" * 99, "😀" * 99]
    board = await starts(club, "/guess " + ", ".join(labels))
    for person, button in zip(club.people, board.keyboard, strict=False):
        assert (await person.presses(board, str(button.value))).text.startswith("✔ noted")
    await ann.presses(board, "Reveal")
    result = await club.sees("🏆")
    assert result.photo
    await server.until(lambda: not board.keyboard)

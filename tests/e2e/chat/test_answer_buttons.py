"""One tap after an answer, in both languages: other phrases, save these, copy as text."""

import asyncio
import io

import pytest
from PIL import Image, ImageDraw

from bot.i18n import speak
from clipbot_playground.botapi.model.chats import Chat, Message
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.e2e.conftest import Start
from tests.playground.botapi.pictures import picture
from tests.waiting import until

LANGUAGES = pytest.mark.parametrize("language", ["en", "es"])


@pytest.fixture
def person(server: BotApiServer, language: str) -> SimulatedUser:
    return server.person("Eva", language)


def drawn() -> bytes:
    """Return a blue square."""
    image = Image.new("RGB", (320, 320), "white")
    ImageDraw.Draw(image).rectangle((80, 80, 240, 240), fill="blue")
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


async def answer_of(person: SimulatedUser, caption: str = "a dog, a cat") -> Message:
    photo = await person.sends(picture(), caption=caption)
    return await person.hears(reply_to=photo)


def texts(chat: Chat) -> list[str]:
    """Return what the bot said in a chat besides charts."""
    return [m.text for m in chat.messages.values() if m.sender.is_bot and m.text]


@LANGUAGES
async def test_other_phrases_sort_the_same_picture(person: SimulatedUser, language: str) -> None:
    words = speak(language)
    chart = await answer_of(person)
    assert [[b.text for b in row] for row in chart.content.keyboard] == [
        [words.other_phrases_button()],
        [words.save_button(), words.copy_button()],
    ]
    assert (await person.presses(chart, words.other_phrases_button())).text == ""
    question = await person.hears(matching=lambda message: message.force_reply is not None)
    assert question.text == words.which_other_phrases()
    assert question.reply_to is chart.reply_to
    shown = await person.presses(chart, words.other_phrases_button())
    assert shown.text == words.asked_already()
    reply = await person.sends("a house, a boat", reply_to=question)
    other = await person.hears(reply_to=reply)
    assert other.photo
    assert "a dog" not in (other.caption or "")
    assert len(other.keyboard) == 3
    assert not chart.edited


@LANGUAGES
async def test_saved_phrases_sort_the_next_photo(person: SimulatedUser, language: str) -> None:
    words = speak(language)
    chart = await answer_of(person, "a house, a boat, a tree")
    assert (await person.presses(chart, words.save_button())).text == words.saved(3)
    photo = await person.sends(picture(colour="green"))
    caption = (await person.hears(reply_to=photo)).caption or ""
    assert {"house", "boat", "tree"} & set(caption.split())


@LANGUAGES
async def test_the_table_comes_once(
    server: BotApiServer, person: SimulatedUser, language: str
) -> None:
    words = speak(language)
    chart = await answer_of(person, "a <b>dog</b>, a cat, a tree")
    await person.presses(chart, words.copy_button())
    table = await person.hears(reply_to=chart)
    assert all(label in (table.text or "") for label in ("a <b>dog</b>", "a cat", "a tree"))
    assert words.result_title() in (table.text or "")
    with server.expecting("message is not modified"):
        shown = await person.presses(chart, words.copy_button())
    assert shown.text == words.copied_already()
    assert person.chat.replies_to(chart) == [table]
    reply = await person.sends("a house, a boat", reply_to=table)  # means the picture
    assert (await person.hears(reply_to=reply)).photo
    person.deletes(table)
    with server.expecting("message to edit not found"):
        await person.presses(chart, words.copy_button())
    assert (await person.hears(reply_to=chart)).text == table.text


async def test_an_edited_answer_keeps_its_buttons_and_shows_its_new_numbers(
    alice: SimulatedUser,
) -> None:
    photo = await alice.sends(picture(), caption="a dog, a cat")
    chart = await alice.hears(reply_to=photo)
    await alice.edits(photo, caption="a house, a boat")
    await alice.hears(edit_of=chart)
    assert len(chart.keyboard) == 3
    await alice.presses(chart, "Copy as text")
    assert "a boat" in ((await alice.hears(reply_to=chart)).text or "")
    await alice.presses(chart, "Save these")
    assert "a boat" in ((await alice.hears(reply_to=await alice.sends("/labels"))).text or "")


async def test_an_album_is_sorted_by_other_phrases_as_a_whole(alice: SimulatedUser) -> None:
    album = await alice.sends(album=[picture(), picture(colour="blue")], caption="a dog, a cat")
    chart = await alice.hears(reply_to=album)
    await alice.presses(chart, "Other phrases")
    question = await alice.hears(matching=lambda message: message.force_reply is not None)
    reply = await alice.sends("a house, a boat", reply_to=question)
    assert len(((await alice.hears(reply_to=reply)).caption or "").splitlines()) >= 2
    await alice.presses(chart, "Copy as text")
    table = (await alice.hears(reply_to=chart)).text or ""
    assert "Picture 1" in table
    assert "Picture 2" in table


@LANGUAGES
async def test_in_a_group_the_buttons_are_for_whoever_asked(
    server: BotApiServer, person: SimulatedUser, language: str
) -> None:
    bob = server.person("Bob", language)
    group = server.group("Friends", [person, bob])
    words = speak(language)
    photo = await person.sends(picture(), caption="/classify a dog, a cat", to=group)
    chart = await person.hears(reply_to=photo)
    before = texts(group)
    for label in (words.other_phrases_button(), words.save_button(), words.copy_button()):
        assert (await bob.presses(chart, label)).text == words.for_the_asker()
    assert texts(group) == before
    assert (await person.presses(chart, words.save_button())).text == words.saved_in_group(2)
    await person.presses(chart, words.other_phrases_button())
    question = await person.hears(chat=group, matching=lambda m: m.force_reply is not None)
    assert question.force_reply
    assert question.force_reply.selective
    reply = await person.sends("a house, a boat", reply_to=question)
    assert (await person.hears(reply_to=reply)).photo
    await person.presses(chart, words.other_phrases_button())  # the first question is answered
    assert await person.hears(chat=group, matching=lambda m: m.force_reply is not None)


async def test_an_anonymous_admin_presses_as_themselves(
    group: Chat, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    photo = await alice.sends(picture(), caption="/classify a dog, a cat", to=group, anonymous=True)
    chart = await alice.hears(reply_to=photo)
    assert "for the person who asked" in (await bob.presses(chart, "Save these")).text
    assert "Saved" in (await alice.presses(chart, "Save these")).text
    again = await alice.sends("/labels", to=group, anonymous=True)
    assert "a dog" in ((await alice.hears(reply_to=again)).text or "")


async def test_forged_presses_are_answered_and_do_nothing(
    server: BotApiServer, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    chart = await answer_of(alice)
    start = await bob.hears(reply_to=await bob.sends("/start"))
    seen = texts(alice.chat), texts(bob.chat)
    for person, message, data in (
        (alice, chart, "answer:everything"),
        (alice, chart, "answer:"),
        (alice, chart, "frame:"),
        (bob, start, "answer:save"),
        (bob, start, "frame:"),
    ):
        query = server.world.press(person.user, message, data)
        shown = await server.until(lambda query=query: server.world.callbacks[query])  # type: ignore[misc]
        assert shown.text == ""
    assert (texts(alice.chat), texts(bob.chat)) == seen


async def test_a_group_without_photos_gets_words_with_buttons(
    server: BotApiServer, group: Chat, alice: SimulatedUser
) -> None:
    server.forbids(group, "photos")
    photo = await alice.sends(picture(), caption="/classify a dog, a cat", to=group)
    with server.expecting("not enough rights to send photos"):
        answer = await alice.hears(reply_to=photo)
    assert len(answer.keyboard) == 3
    assert "Saved" in (await alice.presses(answer, "Save these")).text


async def test_the_chart_of_a_spoiler_is_a_spoiler(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture(), caption="a dog, a cat", spoiler=True)
    chart = await alice.hears(reply_to=photo)
    assert chart.has_spoiler
    await alice.edits(photo, caption="a house, a boat")
    await alice.hears(edit_of=chart)
    assert chart.has_spoiler
    album = await alice.sends(
        album=[picture(), picture(colour="blue")], caption="a dog, a cat", spoilers=[1]
    )
    assert (await alice.hears(reply_to=album)).has_spoiler
    reply = await alice.sends("/classify a house, a boat", reply_to=photo)
    assert (await alice.hears(reply_to=reply)).has_spoiler
    assert not (await answer_of(alice)).has_spoiler


@LANGUAGES
@pytest.mark.parametrize(
    "thing",
    [
        {"video": b"mp4"},
        {"animation": b"mp4"},
        {"video_note": b"mp4"},
        {"sticker": b"webm", "sticker_kind": "video"},
        {"sticker": b"tgs", "sticker_kind": "animated"},
    ],
    ids=["video", "GIF", "video note", "video sticker", "animated sticker"],
)
async def test_the_first_frame_of_what_moves_is_sorted_if_wanted(
    person: SimulatedUser,
    language: str,
    thing: dict[str, object],
    has_demo: bool,
) -> None:
    words = speak(language)
    labels = "a red circle, a blue square, a yellow star"
    await person.hears(reply_to=await person.sends(f"/labels {labels}"))
    film = await person.sends(thumbnail=drawn(), **thing)  # type: ignore[call-overload]
    offer = await person.hears(reply_to=film)
    assert offer.text == words.offer_first_frames(1)
    assert [button.text for button in offer.keyboard] == [words.first_frames_button(1)]
    await person.presses(offer, words.first_frames_button(1))
    await person.hears(edit_of=offer)
    assert offer.photo
    assert len(offer.keyboard) == 3
    if has_demo:
        assert "a blue square" in (offer.caption or "").splitlines()[0]


async def test_a_caption_of_a_film_is_what_its_button_sorts_by(
    server: BotApiServer, group: Chat, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    film = await alice.sends(video=b"mp4", caption="a house, a boat", spoiler=True)
    offer = await alice.hears(reply_to=film)
    await alice.edits(film, caption="a moon, a sun")
    await alice.presses(offer, "Sort its first frame")
    await alice.hears(edit_of=offer, matching=lambda message: bool(message.photo))
    assert {"moon", "sun"} & set((offer.caption or "").split())
    assert offer.has_spoiler
    assert await server.until(lambda: alice.chat.replies_to(film) == [offer])
    shown = await bob.sends(video=b"mp4", caption="look", to=group)
    command = await alice.sends("/classify a dog, a cat", reply_to=shown)
    offer = await alice.hears(reply_to=command)
    assert "for the person who asked" in (await bob.presses(offer, "Sort its first frame")).text
    await alice.presses(offer, "Sort its first frame")
    await alice.hears(edit_of=offer)
    assert offer.photo
    assert group.replies_to(shown) == []


async def test_without_a_first_frame_it_says_that_it_watches_nothing(alice: SimulatedUser) -> None:
    film = await alice.sends(video=b"mp4", thumbnail=b"", caption="a, b")
    answer = await alice.hears(reply_to=film)
    assert "I can't watch moving pictures. Send me a photo" in (answer.text or "")
    assert answer.keyboard == ()


async def test_kill_9_between_tap_and_answer_loses_nothing(
    own_server: BotApiServer, start: Start
) -> None:
    alice = own_server.person("Alice")
    copy, other = "Copy as text", "Other phrases"
    async with start() as bot:
        photo = await alice.sends(picture(320, 240), caption="a dog, a cat")
        chart = await alice.hears(reply_to=photo, within=60)
        # Telegram is away when the taps come, so they are stored, but not answered.
        own_server.faults.next("sendMessage", status=502, times=500)
        pressing = [asyncio.create_task(alice.presses(chart, b, within=90)) for b in (copy, other)]

        def tried() -> bool:
            return any(c.method == "sendMessage" and c.status == 502 for c in own_server.calls)

        await until(tried, True)
        await bot.is_killed()
        own_server.faults.clear()
    async with start():
        shown = await asyncio.gather(*pressing)
        assert [answer.text for answer in shown] == ["", ""]
        table = await alice.hears(reply_to=chart)
        assert "a cat" in (table.text or "")
        question = await alice.hears(reply_to=photo)
        assert question.force_reply
        with own_server.expecting("message is not modified"):
            assert "already" in (await alice.presses(chart, copy)).text
        assert "already" in (await alice.presses(chart, other)).text
        assert alice.chat.replies_to(chart) == [table]
        assert alice.chat.replies_to(photo) == [chart, question]
